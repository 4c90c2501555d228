#include "gate/check_sql.hpp"
#include "gate/costs.hpp"
#include "gate/place.hpp"

#include "support/catch.hpp"

using namespace zdm::planner;

namespace {

std::vector<std::string> found(const std::string& sql, int postgres = 15) {
  std::vector<std::string> ids;
  const SqlFile file{.path = "a.sql", .bytes = sql, .shipped = sql};
  for (const Finding& finding : check_sql({file}, {.postgres = postgres}).findings) {
    ids.push_back(finding.rule);
  }
  return ids;
}

}  // namespace

TEST_CASE("what a table IF NOT EXISTS makes is not new, nor the same name in a schema", "[gate]") {
  CHECK(found("CREATE TABLE IF NOT EXISTS t (a int); CREATE INDEX i ON t (a)") ==
        std::vector<std::string>{"index-not-concurrent"});
  CHECK(found("CREATE TABLE t (a int); CREATE INDEX i ON app.t (a)") ==
        std::vector<std::string>{"index-not-concurrent"});
  CHECK(found("BEGIN; CREATE TABLE t (a int); ROLLBACK; DROP TABLE t") ==
        std::vector<std::string>{"drop-table"});
}

TEST_CASE("one transaction over one table, a foreign key's two included, is no wide lock",
          "[gate]") {
  CHECK(found("BEGIN; ALTER TABLE t ADD a int; ALTER TABLE t ADD b int; COMMIT").empty());
  CHECK(found("BEGIN; CREATE TABLE t (a int); ALTER TABLE t ADD b int; ALTER TABLE u ADD b int; "
              "COMMIT")
            .empty());
}

TEST_CASE("of many tables that one transaction locks, the second is told", "[gate]") {
  CHECK(found("BEGIN; ALTER TABLE t ADD b int; ALTER TABLE u ADD b int; ALTER TABLE v ADD b int; "
              "COMMIT") == std::vector<std::string>{"multi-table-lock"});
}

TEST_CASE("DROP OWNED drops what nobody named", "[gate]") {
  CHECK(found("DROP OWNED BY old_app") == std::vector<std::string>{"drop-schema"});
}

TEST_CASE("a check that only said NOT NULL may go in any later file", "[gate]") {
  const auto file = [](const std::string& sql) { return SqlFile{.path = sql, .bytes = sql}; };
  const auto check = [&](const std::string& condition) {
    return check_sql(
               {file("ALTER TABLE t ADD CONSTRAINT c CHECK (" + condition + ") NOT VALID"),
                file("ALTER TABLE t VALIDATE CONSTRAINT c; ALTER TABLE t ALTER a SET NOT NULL"),
                file("ALTER TABLE t DROP CONSTRAINT c")},
               {})
        .findings.size();
  };
  CHECK(check("a IS NOT NULL") == 0);
  CHECK(check("a IS NOT NULL AND a > 0") == 1);
  CHECK(check("a IS NOT NULL AND b IS NOT NULL") == 1);
}

TEST_CASE("what IF NOT EXISTS and OR REPLACE leave open is told with what to write", "[gate]") {
  const auto help = [](const std::string& sql) {
    const SqlFile file{.path = "a.sql", .bytes = sql};
    const auto findings = check_sql({file}, {}).findings;
    REQUIRE(findings.size() == 1);
    return findings[0].help;
  };
  const std::string open = " leaves open whether t is new; without it, it is";
  CHECK(help("CREATE TABLE IF NOT EXISTS t (a int); CREATE INDEX i ON t (a)")
            .ends_with("\nIF NOT EXISTS" + open));
  CHECK(help("CREATE OR REPLACE FUNCTION t() RETURNS int LANGUAGE sql AS 'SELECT 1'; "
             "DROP FUNCTION t()")
            .ends_with("\nOR REPLACE" + open));
}

TEST_CASE("a rule holds for the versions it names", "[gate]") {
  CHECK(found("ALTER TABLE p DETACH PARTITION q", 13).empty());
}

TEST_CASE("SET EXPRESSION rewrites the table, where the grammar knows it", "[gate]") {
  const std::string sql = "ALTER TABLE t ALTER COLUMN a SET EXPRESSION AS (b * 3)";
  const bool known = std::stoi(std::string(grammar_version())) >= 17;
  const std::string rule = known ? "table-rewrite" : "unanalysed";
  CHECK(found(sql, 17) == std::vector<std::string>{rule});
  CHECK(found(sql, 18) == std::vector<std::string>{rule});
  SqlEffect effect;
  effect.deed = Deed::rewrite_table;
  effect.object = {"", "t"};
  effect.to = "SET EXPRESSION";
  CHECK(cost_of(effect, 17).rewrites == Certainty::yes);
  CHECK(cost_of(effect, 18).rewrites == Certainty::maybe);  // the column may be VIRTUAL
}

TEST_CASE("a finding says where, in characters, and what to write instead", "[gate]") {
  const std::string sql = "-- é\nSELECT 'é'; CREATE INDEX i ON t (a)";
  const SqlFile file{.path = "a.sql", .bytes = sql, .shipped = sql};
  const auto findings = check_sql({file}, {}).findings;
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].where.line == 2);
  CHECK(findings[0].where.column == 13);
  CHECK(findings[0].where.end_column == 25);
  REQUIRE(findings[0].fix);
  CHECK(findings[0].fix->offset == sql.find("INDEX") + 5);
  CHECK(findings[0].fix->text == " CONCURRENTLY");
  CHECK(findings[0].locks == std::vector<LockClaim>{{"t", LockMode::share}});
}

TEST_CASE("no CONCURRENTLY is advised, nor written, for an index of a partitioned table",
          "[gate]") {
  const std::string sql =
      "ALTER TABLE p DETACH PARTITION q CONCURRENTLY; CREATE INDEX i ON p (a);"
      "ALTER TABLE p ADD UNIQUE (a)";
  const SqlFile file{.path = "a.sql", .bytes = sql, .shipped = sql};
  const auto findings = check_sql({file}, {}).findings;
  REQUIRE(findings.size() == 2);
  CHECK_FALSE(findings[0].fix);
  CHECK(findings[0].help.find("ON ONLY the parent") != std::string::npos);
  CHECK(findings[1].help.find("0A000") != std::string::npos);
}

TEST_CASE("what is rolled back is not new any more", "[gate]") {
  CHECK(found("BEGIN; ALTER TABLE t ADD COLUMN a int; ROLLBACK; ALTER TABLE t DROP COLUMN a") ==
        std::vector<std::string>{"drop-column"});
}

TEST_CASE("an index of lines says the same as counting from the start", "[gate]") {
  std::string text;
  for (int i = 0; i < 900; ++i) text += i % 7 == 0 ? "é\n" : i % 3 == 0 ? "日本" : "abc";
  text.resize(text.size() / 1024 * 1024);  // also where it ends with a block
  const LineIndex index(text);
  for (std::size_t at = 0; at <= text.size(); at += 13) {
    const auto end = std::min(at + 5, text.size());
    const auto fast = index.span(at, end, "f");
    const auto slow = span_of(text, at, end, "f");
    CHECK(std::tuple(fast.line, fast.column, fast.end_line, fast.end_column) ==
          std::tuple(slow.line, slow.column, slow.end_line, slow.end_column));
    const bool within = at < text.size() && (static_cast<unsigned char>(text[at]) >> 6U) == 2;
    if (!within) CHECK(index.offset(fast.line, fast.column) == at);
  }
  CHECK(index.offset(100'000, 1) == text.size());
  CHECK(index.offset(1, 100'000) == text.size());
  CHECK(LineIndex("").span(0, 0, "f").column == 1);
  CHECK(LineIndex("a").span(9, 9, "f").column == 2);
}
