// The last byte chooses the engine, the rest is the expression.
#include <sqlite3.h>

#include <cstdint>
#include <string>

#include "fuzz/require.hpp"
#include "sql/expression.hpp"
#include "sql/quote.hpp"

using namespace zdm::planner;

namespace {

// An accepted text never ends the statement it stands in: SQLite's parser reads to the very end.
void stays_in_brackets(const std::string& text) {
  static sqlite3* database = [] {
    sqlite3* opened = nullptr;
    sqlite3_open(":memory:", &opened);
    return opened;
  }();
  const std::string sql = "SELECT coalesce(" + text + "\n, 1)";
  sqlite3_stmt* statement = nullptr;
  const char* tail = nullptr;
  if (sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, &tail) == SQLITE_OK) {
    FUZZ_REQUIRE(*tail == '\0');
    FUZZ_REQUIRE(sqlite3_column_count(statement) == 1);
  }
  sqlite3_finalize(statement);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Engine engine = data[size - 1] % 2 == 0 ? Engine::postgresql : Engine::sqlite;
  const std::string text(reinterpret_cast<const char*>(data), size - 1);
  const auto facts = analyse_expression(engine, text);
  if (!facts) {
    FUZZ_REQUIRE(!facts.error().message.empty());
    FUZZ_REQUIRE(facts.error().offset <= text.size());
    return 0;
  }
  if (engine == Engine::sqlite) stays_in_brackets(text);
  FUZZ_REQUIRE(analyse_expression(engine, "(" + text + "\n)").has_value());
  FUZZ_REQUIRE(replace_columns(engine, text, [](auto) { return std::string(); }) == text);
  const std::string replaced = replace_columns(
      engine, text, [](std::string_view name) { return "new." + quote_identifier(name); });
  const auto again = analyse_expression(engine, replaced);
  // The text grows: it may pass a limit that it kept before.
  if (text.size() > 1000) return 0;
  FUZZ_REQUIRE(again.has_value());
  if (!facts->subquery) FUZZ_REQUIRE(again->columns == facts->columns);
  FUZZ_REQUIRE(again->functions == facts->functions);
  return 0;
}
