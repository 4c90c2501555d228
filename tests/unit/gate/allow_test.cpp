#include "gate/allow.hpp"

#include "gate/check_sql.hpp"
#include "support/catch.hpp"

using namespace zdm::planner;

namespace {

/// "rule" of what is left, "(rule: reason)" of what is suppressed, "allow: message".
std::vector<std::string> judged(const std::string& sql, const std::vector<std::string>& cut = {}) {
  const SqlFile file{.path = "a.sql", .bytes = sql, .shipped = sql};
  auto findings = check_sql({file}, {.postgres = 15}).findings;
  std::vector<std::string> words;
  for (const auto& each : apply_allows(file, findings, cut))
    words.push_back("allow: " + each.message);
  for (const auto& each : findings) {
    words.push_back(each.suppressed ? "(" + each.rule + ": " + *each.suppressed + ")" : each.rule);
  }
  return words;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("a zdm:allow covers the statement below it, around it, or whose line it ends", "[gate]") {
  CHECK(judged("-- zdm:allow drop-table reason=moved away\nDROP TABLE a;\nDROP TABLE b;") ==
        Words{"(drop-table: moved away)", "drop-table"});
  CHECK(judged("DROP TABLE a;\nDROP TABLE b; -- zdm:allow drop-table reason=moved away") ==
        Words{"drop-table", "(drop-table: moved away)"});
  CHECK(judged("DROP /* zdm:allow drop-table reason=\"moved; away\" */ TABLE a; DROP TABLE b;") ==
        Words{"(drop-table: moved; away)", "drop-table"});
}

TEST_CASE("a zdm:allow at the head of a file covers all of it", "[gate]") {
  CHECK(judged("-- zdm:allow drop-table reason=moved\n-- more\n\nDROP TABLE a;\nDROP TABLE b;") ==
        Words{"(drop-table: moved)", "(drop-table: moved)"});
}

TEST_CASE("a zdm:allow that says too little covers nothing, and is told", "[gate]") {
  CHECK(judged("-- zdm:allow drop-table\nDROP TABLE a;") ==
        Words{"allow: no reason says why drop-table is right", "drop-table"});
  CHECK(judged("-- zdm:allow drop-tabel reason=moved\nDROP TABLE a;") ==
        Words{"allow: there is no rule \"drop-tabel\"", "drop-table"});
  CHECK(judged("-- zdm:allow drop-column reason=moved\nDROP TABLE a;") ==
        Words{"allow: drop-column finds nothing here", "drop-table"});
  CHECK(judged("SELECT 1;\n-- zdm:allow drop-table reason=moved") ==
        Words{"allow: drop-table finds nothing here"});
}

TEST_CASE("a zdm:allow holds until its release is cut", "[gate]") {
  const std::string sql = "-- zdm:allow drop-table reason=moved away until=2026.48\nDROP TABLE a;";
  CHECK(judged(sql, {"2026.47"}) == Words{"(drop-table: moved away)"});
  CHECK(judged(sql, {"2026.47", "2026.48"}) ==
        Words{"allow: release 2026.48 is cut: drop-table is allowed no longer", "drop-table"});
  CHECK(judged("-- zdm:allow drop-table until=2026.48 reason=moved away\nDROP TABLE a;") ==
        Words{"(drop-table: moved away)"});
}

TEST_CASE("text that only looks like a zdm:allow is none", "[gate]") {
  CHECK(judged("SELECT '-- zdm:allow drop-table';\n-- see zdm:allow drop-table\nDROP TABLE a;") ==
        Words{"drop-table"});
}
