#include "sql/quote.hpp"

#include "sql/text.hpp"
#include "support/catch.hpp"

using namespace zdm::planner;

namespace {

std::string why_not_identifier(std::string_view text) {
  const auto name = parse_identifier(text);
  REQUIRE_FALSE(name);
  CHECK(name.error().code == ErrorCode::usage);
  CHECK_FALSE(name.error().hint.empty());
  return name.error().message;
}

}  // namespace

TEST_CASE("an identifier is quoted only where SQL needs it", "[sql][quote]") {
  CHECK(quote_identifier("users") == "users");
  CHECK(quote_identifier("_a1$") == "_a1$");
  CHECK(quote_identifier("Users") == "\"Users\"");
  CHECK(quote_identifier("1st") == "\"1st\"");
  CHECK(quote_identifier("$1") == "\"$1\"");
  CHECK(quote_identifier("") == "\"\"");
  CHECK(quote_identifier("größe") == "\"größe\"");
  CHECK(quote_identifier("order") == "\"order\"");
  CHECK(quote_identifier("a\"; drop table x; --") == "\"a\"\"; drop table x; --\"");
  CHECK(quote_list({"id", "user", "name"}) == "id, \"user\", name");
  CHECK(quote(TableName{"My App", "users"}) == "\"My App\".users");
  CHECK(quote(TableName{"", "users"}) == "users");
}

TEST_CASE("a literal says on each engine exactly what its text says", "[sql][quote]") {
  CHECK(quote_literal("O'Neill") == "'O''Neill'");
  CHECK(quote_literal("") == "''");
  CHECK(quote_literal(R"(a\'b)") == R"(E'a\\''b')");
  CHECK(quote_literal(R"(a\'b)", Engine::sqlite) == R"('a\''b')");
}

TEST_CASE("names are read as in SQL: quoted exactly, others folded", "[sql][quote]") {
  CHECK(parse_identifier("Users") == "users");
  CHECK(parse_identifier("\"Users\"") == "Users");
  CHECK(parse_identifier("ÄPFEL") == "Äpfel");
  CHECK(parse_identifier("order") == "order");
  CHECK(parse_table_name("App.\"My Table\"") == TableName{"app", "My Table"});
  CHECK(parse_table_name("\"a.b\".c") == TableName{"a.b", "c"});
  CHECK(parse_table_name("users") == TableName{"", "users"});
}

TEST_CASE("a hostile name comes back from its quotes unchanged", "[sql][quote]") {
  const std::string hostile = "a\"; drop table x; --";
  for (const std::string& name :
       {hostile, std::string("\""), std::string(" "), std::string("a.b"), std::string("é\n'\\")}) {
    CHECK(parse_identifier(quote_identifier(name)) == name);
    CHECK(parse_table_name(quote(TableName{name, name})) == TableName{name, name});
  }
}

TEST_CASE("what is no name is refused with the reason", "[sql][quote]") {
  using Catch::Matchers::Contains;
  CHECK_THAT(why_not_identifier(""), Contains("empty"));
  CHECK_THAT(why_not_identifier("\"\""), Contains("empty"));
  CHECK_THAT(why_not_identifier("\"abc"), Contains("not closed"));
  CHECK_THAT(why_not_identifier("é b"), Contains("' ' is unexpected at character 2"));
  CHECK_THAT(why_not_identifier("a; drop table x"), Contains("';'"));
  CHECK_THAT(why_not_identifier("1a"), Contains("'1' is unexpected at character 1"));
  CHECK_THAT(why_not_identifier("a.b"), Contains("'.'"));
  CHECK_THAT(why_not_identifier(std::string(64, 'x')), Contains("64 bytes"));
  CHECK_THAT(why_not_identifier("a\xC3"), Contains("UTF-8"));
  CHECK_THAT(why_not_identifier(std::string("\"a\0b\"", 5)), Contains("zero byte"));
  CHECK_THAT(parse_table_name("a.b.c").error().message, Contains("more than two parts"));
  CHECK_THAT(parse_table_name("a.").error().message, Contains("ends where a name"));
  CHECK_FALSE(parse_table_name(".a"));
  CHECK_FALSE(parse_table_name("a b"));
}

TEST_CASE("a new name fits 63 bytes, cuts no character and collides with none", "[sql][quote]") {
  CHECK(unique_name("users_name", "_idx", {}) == "users_name_idx");
  const std::string taken = unique_name("users_name", "_idx", {"USERS_NAME_IDX"});
  CHECK(taken != "users_name_idx");
  CHECK(taken.starts_with("users_name_"));
  CHECK(unique_name("users_name", "_idx", {"users_name_idx", taken}) != taken);

  const std::string base(60, 'x');
  const std::string one = unique_name(base + "a", "_key", {});
  CHECK(one.size() == 63);
  CHECK(one != unique_name(base + "b", "_key", {}));
  CHECK(one == unique_name(base + "a", "_key", {}));
  CHECK(one.ends_with("_key"));

  for (std::size_t length = 0; length < 5; ++length) {
    std::string wide(length, 'x');
    for (int i = 0; i < 40; ++i) wide += "€";
    const std::string name = unique_name(wide, "_key", {});
    CHECK(name.size() <= 63);
    CHECK(find_invalid_utf8(name) == std::string::npos);
  }
  CHECK(unique_name("a", std::string(90, 's'), {}).size() <= 63);
}

TEST_CASE("UTF-8 is told from what is not", "[sql][text]") {
  CHECK(find_invalid_utf8("aé€😀") == std::string_view::npos);
  CHECK(find_invalid_utf8("a\xC0\x80") == 1);
  CHECK(find_invalid_utf8("\xED\xA0\x80") == 0);
  CHECK(find_invalid_utf8("\xF4\x90\x80\x80") == 0);
  CHECK(find_invalid_utf8("ab\xE2\x82") == 2);
  CHECK(utf8_prefix("a€", 3) == "a");
  CHECK(utf8_offset("é€x", 2) == 5);
  CHECK(utf8_offset("é", 9) == 2);
}
