#include "recipes/key_reader.hpp"

#include "recipes/check.hpp"
#include "support/catch.hpp"
#include "support/tree.hpp"

using namespace zdm::planner;
using zdm::tests::list;
using zdm::tests::table;
using zdm::tests::value;

namespace {

KeyReader reader(const Value& tree) {
  return {std::get<Object>(tree.data), SourceSpan{.file = "0001.toml", .line = 9}, "change x"};
}

template <class T>
Error error_of(const Result<T>& result) {
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::usage);
  REQUIRE(result.error().where);
  CHECK(result.error().where->file == "0001.toml");
  return result.error();
}

}  // namespace

TEST_CASE("a reader gives each key as the type that was asked for", "[model][keys]") {
  auto keys = reader(table({{"name", value("Full_Name")},
                            {"table", value("App.\"My Table\"")},
                            {"unique", value(true)},
                            {"keep", value(std::int64_t{3})},
                            {"columns", list({value("a"), value("\"B\"")})},
                            {"up", value("lower(a)")},
                            {"to", list({table({{"name", value("x")}})})},
                            {"down", table({{"first", value("a")}, {"Last", value("b")}})}}));
  CHECK(keys.identifier("name") == "full_name");
  CHECK(keys.table("table") == TableName{"app", "My Table"});
  CHECK(keys.flag("unique", false) == true);
  CHECK(keys.flag("absent", true) == true);
  CHECK(keys.optional_integer("keep").value() == 3);
  CHECK(keys.identifiers("columns") == std::vector<std::string>{"a", "B"});
  CHECK(keys.sql("up")->text == "lower(a)");
  CHECK(keys.objects("to")->at(0).identifier("name") == "x");
  CHECK(keys.optional_sql_map("down")->at(1).first == "last");
  CHECK_FALSE(keys.optional_text("nothing").value());
  CHECK(keys.finish());
}

TEST_CASE("an unknown key is named with the key that was meant", "[model][keys]") {
  auto keys = reader(table({{"from", value("a")}, {"tabel", value("users")}}));
  (void)keys.text("from");
  (void)keys.optional_text("table");
  const Error error = error_of(keys.finish());
  CHECK(error.message == "change x has no key `tabel`; did you mean table?");
  CHECK(error.where->line == 2);
  CHECK_THAT(error.hint, Catch::Matchers::Contains("from, table"));
}

TEST_CASE("a missing key is told apart from a mistyped one", "[model][keys]") {
  auto keys = reader(table({{"from", value("a")}, {"tabel", value("users")}}));
  CHECK(error_of(keys.text("to")).message == "change x needs the key `to`");
  CHECK(error_of(keys.text("to")).where->line == 9);
  const Error mistyped = error_of(keys.table("table"));
  CHECK(mistyped.message == "change x needs the key `table`, and has `tabel`");
  CHECK(mistyped.where->line == 2);
}

TEST_CASE("a wrong type says what was expected and what was found", "[model][keys]") {
  auto keys = reader(table({{"a", value(std::int64_t{1})},
                            {"b", value("x")},
                            {"c", list({value("x"), value(true)})},
                            {"d", value("")},
                            {"e", list({value("x"), value("X")})},
                            {"f", value("a b")}}));
  CHECK(error_of(keys.text("a")).message == "`a` must be text, not an integer");
  CHECK(error_of(keys.flag("b", false)).message == "`b` must be true or false, not text");
  CHECK(error_of(keys.optional_integer("b")).message == "`b` must be an integer, not text");
  CHECK(error_of(keys.objects("b")).message == "`b` must be a list of tables, not text");
  CHECK_FALSE(keys.optional_texts("c"));
  CHECK(error_of(keys.text("d")).message == "`d` is empty");
  CHECK_FALSE(keys.optional_identifiers("e"));
  CHECK_THAT(error_of(keys.identifier("f")).message, Catch::Matchers::Contains("' '"));
}

TEST_CASE("a zero byte in a text is refused where it stands", "[model][keys]") {
  Value text{.data = std::string("a\0b", 3), .where = {.file = "0001.toml", .line = 4}};
  text.positions = {{4, 7}, {4, 8}, {4, 14}, {4, 15}};
  auto keys = reader(table({{"a", text}}));
  CHECK(error_of(keys.text("a")).where->column == 8);
}

TEST_CASE("the common keys take their words and no others", "[model][keys]") {
  auto keys = reader(table({{"up", value("a")},
                            {"on_error", value("null")},
                            {"user_triggers", value("skip")},
                            {"dual_write", value("app")}}));
  const auto common = keys.common();
  REQUIRE(common);
  CHECK(common->up->text == "a");
  CHECK(common->on_error == OnError::null);
  CHECK(common->user_triggers == UserTriggers::skip);
  CHECK(common->dual_write_app);
  auto wrong = reader(table({{"on_error", value("nul")}}));
  CHECK_THAT(error_of(wrong.common()).message, Catch::Matchers::Contains("did you mean null?"));
}

TEST_CASE("a fault in an expression points into the file", "[model][keys]") {
  Value source{.data = std::string("a +"), .where = {.file = "0001.toml", .line = 5, .column = 8}};
  source.positions = {{5, 9}, {5, 10}, {6, 1}, {6, 2}};
  const SqlText text{.text = "a +", .source = source};
  for (const Engine engine : {Engine::postgresql, Engine::sqlite}) {
    const Error error = error_of(check_expression(engine, text, "`up`"));
    CHECK(error.where->line == 6);
    CHECK(error.where->column == 2);
    CHECK_THAT(error.message, Catch::Matchers::Contains("`up`"));
  }
}
