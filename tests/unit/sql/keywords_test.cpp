#include "sql/keywords.hpp"

#include <pg_query.h>
#include <sqlite3.h>

#include <fstream>
#include <memory>
#include <string>

#include "pg_query/pg_query.pb-c.h"
#include "sql/quote.hpp"
#include "sql/text.hpp"
#include "support/catch.hpp"

using namespace zdm::planner;

namespace {

// What libpg_query's scanner makes of a word.
PgQuery__KeywordKind kind_of(const std::string& word) {
  const PgQueryScanResult scanned = pg_query_scan(word.c_str());
  REQUIRE(scanned.error == nullptr);
  const auto* data = reinterpret_cast<const std::uint8_t*>(scanned.pbuf.data);
  PgQuery__ScanResult* result = pg_query__scan_result__unpack(nullptr, scanned.pbuf.len, data);
  REQUIRE(result->n_tokens == 1);
  const PgQuery__KeywordKind kind = result->tokens[0]->keyword_kind;
  pg_query__scan_result__free_unpacked(result, nullptr);
  pg_query_free_scan_result(scanned);
  return kind;
}

std::string sqlite_says(const std::string& sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(":memory:", &database) == SQLITE_OK);
  sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr);
  std::string message = sqlite3_errmsg(database);
  sqlite3_close(database);
  return message;
}

bool syntax_error(const std::string& message) {
  return message.find("syntax error") != std::string::npos;
}

}  // namespace

TEST_CASE("every word PostgreSQL's scanner reserves is quoted, no unreserved one is",
          "[sql][keywords]") {
  // The words of pg_get_keywords() of PostgreSQL 15, in tests/unit/sql/postgresql_keywords.txt.
  std::ifstream words(ZDM_KEYWORDS);
  std::string word;
  int reserved = 0;
  while (std::getline(words, word)) {
    INFO(word);
    const PgQuery__KeywordKind kind = kind_of(word);
    CHECK(kind != PG_QUERY__KEYWORD_KIND__NO_KEYWORD);
    if (kind >= PG_QUERY__KEYWORD_KIND__COL_NAME_KEYWORD) {
      ++reserved;
      CHECK(is_reserved_word(word));
    }
  }
  CHECK(reserved == 151);
}

TEST_CASE("words that PostgreSQL 16 to 18 reserve are quoted already", "[sql][keywords]") {
  for (const char* word : {"system_user", "json", "json_array", "json_object", "json_table",
                           "json_value", "json_query", "merge_action"}) {
    CHECK(is_reserved_word(word));
  }
  CHECK_FALSE(is_reserved_word("name"));
  CHECK_FALSE(is_reserved_word("value"));
}

TEST_CASE("every keyword of SQLite names a table and a column once quoted", "[sql][keywords]") {
  for (int i = 0; i < sqlite3_keyword_count(); ++i) {
    const char* text = nullptr;
    int length = 0;
    REQUIRE(sqlite3_keyword_name(i, &text, &length) == SQLITE_OK);
    const std::string word = fold(std::string_view(text, static_cast<std::size_t>(length)));
    INFO(word);
    const std::string name = quote_identifier(word);
    CHECK_FALSE(syntax_error(sqlite_says("create table " + name + "(a, " + name + " int)")));
    CHECK_FALSE(syntax_error(sqlite_says("select " + name + " from " + name)));
    CHECK_FALSE(syntax_error(sqlite_says("update t set " + name + " = 1 where " + name + " > 0")));
    const bool column = sqlite_says("select " + word + " = 1").find("no such column") == 0;
    CHECK(is_sqlite_expression_word(word) != column);
  }
}
