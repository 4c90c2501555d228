#include "gate/check_sql.hpp"

#include <set>

#include "gate/rule.hpp"
#include "support/catch.hpp"

using namespace zdm::planner;

namespace {

struct Example {
  std::string rule;
  std::string bad;
  std::string good;
};

// A bad one gives its rule and no other; a good one gives silence.
const std::vector<Example> kExamples = {
    {"drop-table", "DROP TABLE t", "CREATE TABLE t (id int); DROP TABLE t"},
    {"drop-column", "ALTER TABLE t DROP COLUMN a", "ALTER TABLE t ADD a int; ALTER TABLE t DROP a"},
    {"rename-column", "ALTER TABLE t RENAME a TO b",
     "CREATE TABLE t (a int); ALTER TABLE t RENAME a TO b"},
    {"rename-table", "ALTER TABLE t RENAME TO u",
     "CREATE TABLE t (a int); ALTER TABLE t RENAME TO u; DROP TABLE u"},
    {"rename-schema", "ALTER SCHEMA a RENAME TO b", "CREATE SCHEMA a; ALTER SCHEMA a RENAME TO b"},
    {"set-schema", "ALTER TABLE t SET SCHEMA b",
     "CREATE TABLE t (a int); ALTER TABLE t SET SCHEMA b"},
    {"rename-enum-value", "ALTER TYPE m RENAME VALUE 'a' TO 'b'",
     "CREATE TYPE m AS ENUM ('a'); ALTER TYPE m RENAME VALUE 'a' TO 'b'"},
    {"revoke", "REVOKE SELECT ON t FROM r", "CREATE TABLE t (a int); REVOKE SELECT ON t FROM r"},
    {"drop-schema", "DROP SCHEMA a", "CREATE SCHEMA a; DROP SCHEMA a"},
    {"drop-database", "DROP DATABASE a", "SELECT 1"},
    {"drop-view", "DROP VIEW v", "CREATE VIEW v AS SELECT 1; DROP VIEW v"},
    {"drop-type", "DROP TYPE m", "CREATE TYPE m AS ENUM ('a'); DROP TYPE m"},
    {"drop-function", "DROP FUNCTION f(int)",
     "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; DROP FUNCTION f()"},
    {"drop-sequence", "DROP SEQUENCE s", "CREATE SEQUENCE s; DROP SEQUENCE s"},
    {"cascade", "DROP EXTENSION e CASCADE", "DROP EXTENSION e"},
    {"truncate", "TRUNCATE t", "CREATE TABLE t (a int); TRUNCATE t"},
    {"drop-constraint", "ALTER TABLE t DROP CONSTRAINT c",
     "CREATE TABLE t (a int); ALTER TABLE t DROP CONSTRAINT c"},
    {"drop-not-null", "ALTER TABLE t ALTER a DROP NOT NULL",
     "CREATE TABLE t (a int); ALTER TABLE t ALTER a DROP NOT NULL"},
    {"drop-default", "ALTER TABLE t ALTER a DROP DEFAULT",
     "ALTER TABLE t ADD a int DEFAULT 1; ALTER TABLE t ALTER a DROP DEFAULT"},
    {"index-not-concurrent", "CREATE INDEX i ON t (a)",
     "CREATE TABLE t (a int); CREATE INDEX i ON t (a); CREATE INDEX CONCURRENTLY j ON u (a)"},
    {"drop-index-not-concurrent", "DROP INDEX i", "DROP INDEX CONCURRENTLY i"},
    {"reindex-not-concurrent", "REINDEX TABLE t",
     "REINDEX TABLE CONCURRENTLY t; REINDEX (CONCURRENTLY) INDEX i"},
    {"add-required-column", "ALTER TABLE t ADD a int NOT NULL",
     "ALTER TABLE t ADD a int NOT NULL DEFAULT 0"},
    {"column-type-change", "ALTER TABLE t ALTER a TYPE bigint",
     "CREATE TABLE t (a int); ALTER TABLE t ALTER a TYPE bigint"},
    {"add-check-validating", "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)",
     "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c"},
    {"add-fk-validating", "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES o (id)",
     "ALTER TABLE t ADD b int REFERENCES o (id)"},
    {"set-not-null-scan", "ALTER TABLE t ALTER a SET NOT NULL",
     "ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID; ALTER TABLE t VALIDATE "
     "CONSTRAINT c; ALTER TABLE t ALTER a SET NOT NULL"},
    {"pk-using-index-nullable",
     "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a); ALTER TABLE t ADD PRIMARY KEY USING INDEX i",
     "ALTER TABLE t ADD PRIMARY KEY USING INDEX i"},
    {"add-unique-blocking", "ALTER TABLE t ADD UNIQUE (a)",
     "ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX i"},
    {"add-pk-blocking", "ALTER TABLE t ADD PRIMARY KEY (a)",
     "CREATE TABLE t (a int); ALTER TABLE t ADD PRIMARY KEY (a)"},
    {"add-exclusion-constraint", "ALTER TABLE t ADD EXCLUDE USING gist (a WITH &&)",
     "CREATE TABLE t (a int); ALTER TABLE t ADD EXCLUDE USING gist (a WITH &&)"},
    {"table-rewrite", "ALTER TABLE t ADD a uuid DEFAULT gen_random_uuid()",
     "ALTER TABLE t ADD a timestamptz NOT NULL DEFAULT now()"},
    {"domain-constraint", "ALTER DOMAIN d ADD CONSTRAINT c CHECK (value > 0)",
     "ALTER DOMAIN d ADD CONSTRAINT c CHECK (value > 0) NOT VALID"},
    {"attach-partition-scan", "ALTER TABLE p ATTACH PARTITION q FOR VALUES IN (1)",
     "CREATE TABLE q (a int); ALTER TABLE p ATTACH PARTITION q FOR VALUES IN (1)"},
    {"detach-not-concurrent", "ALTER TABLE p DETACH PARTITION q",
     "ALTER TABLE p DETACH PARTITION q CONCURRENTLY"},
    {"partition-parent-lock", "CREATE TABLE q PARTITION OF p FOR VALUES IN (1)",
     "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE q PARTITION OF p FOR VALUES IN "
     "(1)"},
    {"refresh-matview-blocking", "REFRESH MATERIALIZED VIEW v",
     "REFRESH MATERIALIZED VIEW CONCURRENTLY v"},
    {"disable-trigger", "ALTER TABLE t DISABLE TRIGGER ALL", "ALTER TABLE t ENABLE TRIGGER ALL"},
    {"lock-table", "LOCK TABLE t", "LOCK TABLE t IN ROW EXCLUSIVE MODE"},
    {"concurrently-in-transaction", "BEGIN; CREATE INDEX CONCURRENTLY i ON t (a); COMMIT",
     "CREATE INDEX CONCURRENTLY i ON t (a); SELECT 1"},
    {"concurrent-index-on-partitioned",
     "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE INDEX CONCURRENTLY i ON p (a)",
     "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE INDEX i ON p (a)"},
    {"validate-in-same-transaction",
     "BEGIN; ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE "
     "CONSTRAINT c; COMMIT",
     "ALTER TABLE t VALIDATE CONSTRAINT c"},
    {"unbatched-update", "UPDATE t SET a = 1 WHERE a IS NULL", "UPDATE t SET a = 1 WHERE id < 100"},
    {"unbatched-delete", "DELETE FROM t", "DELETE FROM t WHERE id = 1"},
    {"multi-table-lock", "BEGIN; ALTER TABLE t ADD a int; ALTER TABLE u ADD a int; COMMIT",
     "ALTER TABLE t ADD a int; ALTER TABLE u ADD a int"},
    {"backfill-under-ddl-lock",
     "BEGIN; ALTER TABLE t ADD a int; UPDATE t SET a = 1 WHERE id < 100; COMMIT",
     "ALTER TABLE t ADD a int; UPDATE t SET a = 1 WHERE id < 100"},
    {"enum-value-used-in-transaction",
     "BEGIN; ALTER TYPE m ADD VALUE 'x'; INSERT INTO t VALUES ('x'); COMMIT",
     "ALTER TYPE m ADD VALUE 'x'; INSERT INTO t VALUES ('x')"},
    {"transaction-not-committed", "BEGIN; SELECT 1", "BEGIN; SELECT 1; COMMIT"},
    {"dynamic-sql-unanalyzed", "DO $$ BEGIN EXECUTE 'DROP TABLE ' || name; END $$",
     "DO $$ BEGIN PERFORM 1; END $$"},
    {"unanalysed", "ALTER TABEL t", "SELECT 1"},
};

std::vector<std::string> found(const std::string& sql, int postgres = 15) {
  std::vector<std::string> ids;
  const SqlFile file{.path = "a.sql", .bytes = sql, .shipped = sql};
  for (const Finding& finding : check_sql({file}, {.postgres = postgres}).findings) {
    ids.push_back(finding.rule);
  }
  return ids;
}

}  // namespace

TEST_CASE("every rule has a bad example that gives it alone, and a good one that is silent",
          "[gate]") {
  std::set<std::string> with_example;
  for (const Example& example : kExamples) {
    INFO(example.rule);
    with_example.insert(example.rule);
    CHECK(found(example.bad) == std::vector{example.rule});
    CHECK(found(example.good).empty());
  }
  for (const Rule& rule : rules()) {
    INFO(rule.id);
    CHECK((with_example.contains(std::string(rule.id)) || rule.id == "allow"));  // its own test
    CHECK(find_rule(rule.id) == &rule);
  }
}

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

TEST_CASE("a rule holds for the versions it names", "[gate]") {
  CHECK(found("ALTER TABLE p DETACH PARTITION q", 13).empty());
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
