#include "gate/allow.hpp"
#include "gate/check_sql.hpp"
#include "support/catch.hpp"

// Files in which something costs as much as the file is long, for each thing in it, take minutes;
// these here take a second. That is what ctest's --timeout and the patience of people can tell.

using namespace zdm::planner;

namespace {

std::string many(const std::string& part, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += part;
  return text;
}

SqlFile file_of(const std::string& sql) {
  return SqlFile{.path = "a.sql", .bytes = sql, .shipped = sql};
}

std::vector<Finding> judged(const SqlFile& file) {
  auto findings = check_sql({file}, {}).findings;
  for (auto& told : apply_allows(file, findings, {})) findings.push_back(std::move(told));
  return findings;
}

}  // namespace

TEST_CASE("thousands of zdm:allow each find their statement", "[gate]") {
  const auto file = file_of(many("-- zdm:allow drop-table reason=é\nDROP TABLE a;\n", 10'000));
  const auto findings = judged(file);
  REQUIRE(findings.size() == 10'000);
  for (const Finding& finding : findings) CHECK(finding.suppressed == "é");
}

TEST_CASE("thousands of zdm:allow for a whole file are told with what was meant", "[gate]") {
  const auto findings =
      judged(file_of(many("-- zdm:allow drop-tabel reason=x\n", 10'000) + "SELECT 1;"));
  REQUIRE(findings.size() == 10'000);
  CHECK(findings.back().where.line == 10'000);
  CHECK(findings.back().help == "did you mean drop-table?");
}

TEST_CASE("thousands of findings in one line, or in one statement, have their places", "[gate]") {
  const auto line = judged(file_of(many("SELEC é; DROP TABLE a; ", 5'000)));
  REQUIRE(line.size() == 10'000);
  CHECK(line.back().where.line == 1);
  CHECK(line.back().where.column == 4'999 * 23 + 21);
  std::string alter = "ALTER TABLE t DROP COLUMN a";
  for (int i = 0; i < 5'000; ++i) alter += ", DROP COLUMN é" + std::to_string(i);
  const auto statement = judged(file_of(alter));
  REQUIRE(statement.size() == 5'001);
  CHECK(statement.back().locks.size() == 1);
  CHECK(statement.back().statement.size() <= 2'000 + std::string("…").size());
  CHECK(statement.back().statement.ends_with("…"));
}

TEST_CASE("a word of a million letters is told by its beginning", "[gate]") {
  for (const std::string quote : {"", "\""}) {
    const auto findings = judged(file_of("a " + quote + many("é", 500'000) + quote));
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].rule == "unanalysed");
    CHECK(findings[0].message.size() < 600);
  }
}

TEST_CASE("thousands of zdm:retires are read", "[gate]") {
  const auto text = many("-- zdm:retires a.b\n", 30'000) + "SELECT 1;";
  CHECK(judged(file_of(text)).empty());
}
