#include "database/catalog/sqlite_text.hpp"

#include "database/catalog/words.hpp"
#include "support/catch.hpp"

using namespace zdm::migrations;

namespace {

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a CREATE statement is cut at the commas of its outermost brackets", "[database]") {
  const SqlStatement statement = cut_statement(R"(
    CREATE TABLE t (a TEXT DEFAULT 'x,(y', -- a, b
      "b,c" INTEGER CHECK (b > (1) AND b IN (2, 3)), /* (d */ [d] REAL) WITHOUT ROWID)");
  REQUIRE(statement.items.size() == 3);
  CHECK(statement.head.tokens == Names{"CREATE", "TABLE", "t"});
  CHECK(statement.items[0].tokens == Names{"a", "TEXT", "DEFAULT", "'x,(y'"});
  CHECK(unquoted(statement.items[1].tokens[0]) == "b,c");
  CHECK(unquoted(statement.items[2].tokens[0]) == "d");
  CHECK(statement.tail.word(0) == "WITHOUT");

  const SqlItem& check = statement.items[1];
  CHECK(after_bracket(check, 3) == check.tokens.size());
  CHECK(statement.from(check, 4, check.tokens.size() - 1) == "b > (1) AND b IN (2, 3)");
}

TEST_CASE("text that is no whole statement is cut without harm", "[database]") {
  CHECK(cut_statement("").items.empty());
  CHECK(cut_statement("CREATE VIEW v AS SELECT 1").items.empty());
  CHECK(cut_statement("CREATE TABLE t (a, (b").items.size() == 2);
  CHECK(cut_statement("CREATE TABLE t ('a").items.size() <= 1);
  CHECK(cut_statement("/* open").head.tokens.empty());
}

TEST_CASE("quotes within a quoted name are doubled, and come back single", "[database]") {
  CHECK(unquoted("\"a\"\"b\"") == "a\"b");
  CHECK(unquoted("`a``b`") == "a`b");
  CHECK(unquoted("[a b]") == "a b");
  CHECK(unquoted("plain") == "plain");
}

TEST_CASE("words are found in strings and quoted names, not in comments", "[database]") {
  const auto words = words_of(R"(SELECT "Full Name" FROM app.users -- gone
    WHERE x = 'EXECUTE drop' /* lost */)");
  CHECK(words.contains("full name"));
  CHECK(words.contains("users"));
  CHECK(words.contains("app"));
  CHECK(words.contains("drop"));
  CHECK_FALSE(words.contains("gone"));
  CHECK_FALSE(words.contains("lost"));
}
