#include "gate/check_sql.hpp"
#include "support/catch.hpp"

using namespace zdm::planner;

namespace {

/// Of the last file; the others, in their order, are releases before it.
std::vector<Finding> findings(std::vector<std::string> files, const std::string& base = {}) {
  std::vector<SqlFile> scripts;
  for (std::string& sql : files) {
    scripts.push_back({.path = std::to_string(scripts.size()), .bytes = std::move(sql)});
  }
  GateOptions options{.base = base};
  const SqlFile last = scripts.back();
  scripts.pop_back();
  options.shipped = scripts;
  return check_sql({last}, options).findings;
}

/// "rule" of each, with a question mark behind a warning.
std::vector<std::string> found(std::vector<std::string> files, const std::string& base = {}) {
  std::vector<std::string> rules;
  for (const Finding& finding : findings(std::move(files), base)) {
    rules.push_back(finding.rule + (finding.severity == Severity::warning ? "?" : ""));
  }
  return rules;
}

/// The file with its fixes.
std::string mended(std::string sql) {
  auto fixes = findings({sql});
  for (auto at = fixes.rbegin(); at != fixes.rend(); ++at) {
    if (at->fix) sql.replace(at->fix->offset, at->fix->length, at->fix->text);
  }
  return sql;
}

std::vector<LockClaim> locks(std::vector<std::string> files, const std::string& last) {
  std::vector<SqlFile> scripts;
  for (std::string& sql : files) scripts.push_back({.path = "old.sql", .bytes = std::move(sql)});
  const GateOptions options{.shipped = scripts, .costs = true};
  const auto costs = check_sql({{.path = "new.sql", .bytes = last}}, options).costs;
  REQUIRE(costs.size() == 1);
  return costs[0].locks;
}

using Rules = std::vector<std::string>;
using Locks = std::vector<LockClaim>;

}  // namespace

TEST_CASE("REFRESH WITH NO DATA gets no CONCURRENTLY, which PostgreSQL refuses", "[gate]") {
  const std::string sql = "REFRESH MATERIALIZED VIEW mv WITH NO DATA";
  CHECK(mended(sql) == sql);
  const auto told = findings({sql});
  REQUIRE(told.size() == 1);
  CHECK(told[0].rule == "refresh-matview-blocking");
  CHECK(told[0].message.find("emptied") != std::string::npos);
}

TEST_CASE("DROP INDEX CONCURRENTLY takes one index of a plain table", "[gate]") {
  CHECK(found({"DROP INDEX CONCURRENTLY a, b"}) == Rules{"drop-index-not-concurrent"});
  CHECK(found({"DROP INDEX CONCURRENTLY a CASCADE"}) ==
        Rules{"cascade?", "drop-index-not-concurrent"});
  CHECK(found({"DROP INDEX CONCURRENTLY a"}).empty());
  CHECK(mended("DROP INDEX IF EXISTS a, s.b;") ==
        "DROP INDEX CONCURRENTLY IF EXISTS a;\nDROP INDEX CONCURRENTLY IF EXISTS s.b;");
  CHECK(mended("DROP INDEX CONCURRENTLY a, b;") ==
        "DROP INDEX CONCURRENTLY a;\nDROP INDEX CONCURRENTLY b;");
  CHECK(mended("DROP INDEX a;") == "DROP INDEX CONCURRENTLY a;");
  const std::string partitioned =
      "CREATE TABLE ev (id int, at date) PARTITION BY RANGE (at); CREATE INDEX ev_i ON ev (id)";
  CHECK(found({partitioned, "DROP INDEX CONCURRENTLY ev_i"}) ==
        Rules{"concurrent-index-on-partitioned"});
  const auto told = findings({partitioned, "DROP INDEX ev_i"});
  REQUIRE(told.size() == 1);
  CHECK_FALSE(told[0].fix);
  CHECK(told[0].help.find("0A000") != std::string::npos);
}

TEST_CASE("COMMIT AND CHAIN opens the next transaction", "[gate]") {
  CHECK(found({"BEGIN; COMMIT AND CHAIN; CREATE INDEX CONCURRENTLY j ON users (a); COMMIT"}) ==
        Rules{"concurrently-in-transaction"});
  CHECK(found({"BEGIN; SELECT 1; ROLLBACK AND CHAIN; SELECT 1"}) ==
        Rules{"transaction-not-committed"});
  CHECK(found({"BEGIN; ALTER TABLE t ADD a int; COMMIT AND CHAIN; ALTER TABLE u ADD a int; COMMIT"})
            .empty());
}

TEST_CASE("a fix keeps IF EXISTS and the line breaks of its file", "[gate]") {
  CHECK(mended("ALTER TABLE IF EXISTS users ADD CONSTRAINT c CHECK (age > 0);") ==
        "ALTER TABLE IF EXISTS users ADD CONSTRAINT c CHECK (age > 0) NOT VALID;\n"
        "ALTER TABLE IF EXISTS users VALIDATE CONSTRAINT c;");
  CHECK(mended("SELECT 1;\r\nALTER TABLE users ADD CONSTRAINT c CHECK (age > 0);\r\n") ==
        "SELECT 1;\r\nALTER TABLE users ADD CONSTRAINT c CHECK (age > 0) NOT VALID;\r\n"
        "ALTER TABLE users VALIDATE CONSTRAINT c;\r\n");
}

TEST_CASE("what moves all of a tablespace rewrites it", "[gate]") {
  CHECK(found({"ALTER TABLE ALL IN TABLESPACE pg_default SET TABLESPACE ts1"}) ==
        Rules{"table-rewrite"});
  CHECK(found({"ALTER INDEX ALL IN TABLESPACE pg_default SET TABLESPACE ts1"}) ==
        Rules{"table-rewrite"});
}

TEST_CASE("VALIDATE under any earlier lock of its transaction, or statement, is told", "[gate]") {
  const Rules told{"validate-in-same-transaction"};
  CHECK(found({"ALTER TABLE orders ADD COLUMN n text, VALIDATE CONSTRAINT f"}) == told);
  CHECK(found({"ALTER TABLE orders VALIDATE CONSTRAINT f, ADD COLUMN n text"}) == told);
  CHECK(found({"BEGIN; ALTER TABLE orders ADD COLUMN n text; ALTER TABLE orders VALIDATE "
               "CONSTRAINT f; COMMIT"}) == told);
  CHECK(found({"BEGIN; ALTER TABLE users ADD COLUMN n text; ALTER TABLE orders VALIDATE "
               "CONSTRAINT f; COMMIT"}) == told);
  CHECK(found({"ALTER TABLE orders ADD COLUMN n text; ALTER TABLE orders VALIDATE CONSTRAINT f"})
            .empty());
  CHECK(found({"BEGIN; ALTER TABLE orders VALIDATE CONSTRAINT f; ALTER TABLE orders ADD n text; "
               "COMMIT"})
            .empty());
  CHECK(found({"BEGIN; CREATE TABLE o (a int); ALTER TABLE o ADD CONSTRAINT f CHECK (a > 0) NOT "
               "VALID; ALTER TABLE o VALIDATE CONSTRAINT f; COMMIT"})
            .empty());
}

TEST_CASE("rows that are written under the lock of a new table's foreign key are told", "[gate]") {
  const Rules told{"backfill-under-ddl-lock"};
  const std::string child =
      "BEGIN; CREATE TABLE child (id int, user_id int REFERENCES users (id));";
  CHECK(found({child + "INSERT INTO child SELECT user_id FROM big; COMMIT"}) == told);
  CHECK(found({child + "INSERT INTO child SELECT id FROM users WHERE id = 1; COMMIT"}).empty());
  CHECK(
      found({child + "INSERT INTO child VALUES (1, 2); UPDATE child SET id = 3; COMMIT"}).empty());
  CHECK(found({"BEGIN; CREATE TABLE users (id int); CREATE TABLE child (u int REFERENCES users); "
               "INSERT INTO child SELECT u FROM big; COMMIT"})
            .empty());
}

TEST_CASE("whatever fills a table under the lock of an ALTER is told", "[gate]") {
  const Rules told{"backfill-under-ddl-lock"};
  const auto after = [](const std::string& sql) {
    return found({"BEGIN; ALTER TABLE users ADD COLUMN q int; " + sql + "; COMMIT"});
  };
  CHECK(after("CREATE TABLE snap AS SELECT * FROM big") == told);
  CHECK(after("SELECT * INTO snap FROM big") == told);
  CHECK(after("CREATE MATERIALIZED VIEW m AS SELECT * FROM big") == told);
  CHECK(after("COPY log FROM '/tmp/x'") == told);
  CHECK(after("CREATE TABLE snap AS SELECT * FROM big WITH NO DATA").empty());
  CHECK(after("CREATE TABLE snap (LIKE users)").empty());
  CHECK(after("CREATE TABLE snap AS SELECT * FROM big LIMIT 10").empty());
}

TEST_CASE("writes are found in MERGE, EXPLAIN ANALYZE, COPY and the loops of a block", "[gate]") {
  const Rules deletes{"unbatched-delete"};
  const Rules updates{"unbatched-update"};
  CHECK(found({"MERGE INTO users u USING staging s ON true WHEN MATCHED THEN DELETE"}) == deletes);
  CHECK(found({"MERGE INTO users u USING staging s ON u.id = s.id WHEN MATCHED THEN UPDATE SET a = "
               "s.a"}) == updates);
  CHECK(found({"MERGE INTO users u USING (SELECT * FROM s LIMIT 9) s ON u.id = s.id WHEN MATCHED "
               "THEN UPDATE SET a = s.a"})
            .empty());
  CHECK(found({"MERGE INTO users u USING s ON u.id = s.id WHEN NOT MATCHED THEN INSERT VALUES (1)"})
            .empty());
  CHECK(found({"EXPLAIN ANALYZE DELETE FROM users"}) == deletes);
  CHECK(found({"EXPLAIN (ANALYZE, VERBOSE) UPDATE users SET a = 1"}) == updates);
  CHECK(found({"EXPLAIN DELETE FROM users"}).empty());
  CHECK(found({"EXPLAIN (ANALYZE false) DELETE FROM users"}).empty());
  CHECK(found({"COPY (DELETE FROM users RETURNING *) TO '/tmp/x'"}) == deletes);
  const auto block = [](const std::string& body) {
    return found({"DO $$ DECLARE r record; BEGIN " + body + " END $$"});
  };
  CHECK(block("FOR r IN DELETE FROM users RETURNING id LOOP NULL; END LOOP;") == deletes);
  CHECK(block("FOR r IN UPDATE users SET a = 1 RETURNING id LOOP NULL; END LOOP;") == updates);
  CHECK(block("FOR r IN SELECT 1 LOOP DELETE FROM users; END LOOP;") == deletes);
  CHECK(found({"CREATE FUNCTION f() RETURNS SETOF int LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY "
               "DELETE FROM users RETURNING id; END $$; SELECT f()"}) == deletes);
}

TEST_CASE("the body of a function is read wherever its file calls it", "[gate]") {
  const Rules told{"truncate"};
  const auto after = [](const std::string& sql, const std::string& name = "mig") {
    return found({"CREATE FUNCTION " + name +
                  "() RETURNS int LANGUAGE plpgsql AS $$ BEGIN TRUNCATE users; RETURN 1; END $$;" +
                  sql});
  };
  CHECK(after("DO $$ DECLARE x int; BEGIN x := mig(); END $$") == told);
  CHECK(after("DO $$ BEGIN IF mig() > 0 THEN NULL; END IF; END $$") == told);
  CHECK(after("INSERT INTO log SELECT mig()") == told);
  CHECK(after("CREATE TABLE abc AS SELECT mig()") == told);
  CHECK(after("SELECT mig()", "public.mig") == told);
  CHECK(after("DO $$ BEGIN PERFORM public.mig(); END $$") == told);
  CHECK(after("DO $$ DECLARE x int; BEGIN x := public.mig(); END $$") == told);
  CHECK(found({"CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN TRUNCATE users; END $$;"
               "DO $$ BEGIN CALL p(); END $$"}) == told);
  CHECK(after("CREATE VIEW v AS SELECT mig()").empty());
  CHECK(after("DO $$ DECLARE x int; BEGIN x := other.mig(); END $$").empty());
}

TEST_CASE("inserts that a default, identity or expression served are told", "[gate]") {
  for (const std::string sql :
       {"ALTER s SET DEFAULT NULL", "ALTER s SET DEFAULT NULL::text", "ALTER id DROP IDENTITY",
        "ALTER id SET GENERATED ALWAYS", "ALTER id ADD GENERATED ALWAYS AS IDENTITY",
        "ALTER b DROP EXPRESSION"}) {
    INFO(sql);
    CHECK(found({"ALTER TABLE t " + sql}) == Rules{"drop-default"});
    CHECK(found({"SELECT 1", "ALTER TABLE t " + sql}, "release 1") == Rules{"unretired-drop"});
    CHECK(found({"CREATE TABLE t (id int); ALTER TABLE t " + sql}).empty());
  }
  CHECK(found({"ALTER TABLE t ALTER id SET GENERATED BY DEFAULT"}).empty());
  CHECK(found({"ALTER TABLE t ALTER id ADD GENERATED BY DEFAULT AS IDENTITY"}).empty());
}

TEST_CASE("row security without a policy, and a policy that goes, take rows away", "[gate]") {
  CHECK(found({"ALTER TABLE users ENABLE ROW LEVEL SECURITY"}) == Rules{"revoke"});
  CHECK(found({"ALTER TABLE users FORCE ROW LEVEL SECURITY"}) == Rules{"revoke"});
  CHECK(found({"ALTER TABLE users DISABLE ROW LEVEL SECURITY"}).empty());
  CHECK(
      found({"CREATE TABLE users (id int); ALTER TABLE users ENABLE ROW LEVEL SECURITY"}).empty());
  const std::string policy = "CREATE POLICY p ON users USING (true)";
  const std::string enable = "ALTER TABLE users ENABLE ROW LEVEL SECURITY";
  CHECK(found({"BEGIN; " + enable + "; " + policy + "; COMMIT"}).empty());
  CHECK(found({policy + "; " + enable}).empty());
  CHECK(found({enable + "; " + policy}) == Rules{"revoke"});
  CHECK(found({"DROP POLICY p ON users"}) == Rules{"revoke?"});
  CHECK(found({"BEGIN; DROP POLICY p ON users; " + policy + "; COMMIT"}).empty());
}

TEST_CASE("a trigger that is dropped is passed by as one that is disabled", "[gate]") {
  const std::string make = "CREATE TRIGGER audit AFTER INSERT ON users EXECUTE FUNCTION f()";
  CHECK(found({"DROP TRIGGER audit ON users"}) == Rules{"disable-trigger?"});
  CHECK(found({"BEGIN; DROP TRIGGER audit ON users; " + make + "; COMMIT"}).empty());
  CHECK(found({make + "; DROP TRIGGER audit ON users"}).empty());
  CHECK(found({make, "DROP TRIGGER audit ON users"}) == Rules{"disable-trigger?"});
}

TEST_CASE("DROP EXTENSION CASCADE takes columns along", "[gate]") {
  CHECK(found({"DROP EXTENSION citext CASCADE"}) == Rules{"cascade"});
  CHECK(found({"DROP EXTENSION citext"}).empty());
  CHECK(found({"DROP VIEW v CASCADE"}) == Rules{"drop-view", "cascade?"});
}

TEST_CASE("a literal is a new value of an enum where its cast or column says so", "[gate]") {
  const std::string told = "enum-value-used-in-transaction";
  const auto after = [](const std::string& sql) {
    return found({"CREATE TABLE i (state mood, title text, \"Odd\" text)",
                  "BEGIN; ALTER TYPE mood ADD VALUE 'open'; " + sql + "; COMMIT"});
  };
  CHECK(after("INSERT INTO faq (title) VALUES ('open')") == Rules{told + "?"});
  CHECK(after("INSERT INTO i (\"Odd\", state) VALUES ('open', NULL)").empty());
  CHECK(after("INSERT INTO i (\"Odd\", state) VALUES ('a', 'open')") == Rules{told});
  CHECK(after("UPDATE i SET title = 'open' WHERE state = 'new'").empty());
  CHECK(after("UPDATE i SET title = 'a' WHERE state = 'open'") == Rules{told});
  CHECK(after("INSERT INTO faq VALUES ('open'::mood)") == Rules{told});
  CHECK(after("INSERT INTO faq VALUES (CAST ('open' AS mood))") == Rules{told});
  CHECK(after("INSERT INTO faq VALUES ('open'::text)").empty());
  CHECK(after("INSERT INTO i (state) SELECT 'open' AS s") == Rules{told + "?"});
  CHECK(after("ALTER TABLE i ADD a mood, ADD b text DEFAULT 'open'").empty());
  CHECK(after("CREATE TABLE n (a mood, b text DEFAULT 'open')").empty());
  CHECK(after("CREATE TABLE n (b text, a mood DEFAULT 'open')") == Rules{told});
  CHECK(after("ALTER TABLE i ADD a mood DEFAULT 'open'") == Rules{told});
}

TEST_CASE("functions of PostgreSQL none of whose forms is volatile rewrite no table", "[gate]") {
  CHECK(found({"ALTER TABLE t ADD y int DEFAULT date_part('year', now())"}).empty());
  CHECK(found({"ALTER TABLE t ADD y int DEFAULT array_length('{1}'::int[], 1)"}).empty());
  CHECK(found({"ALTER TABLE t ADD y int DEFAULT txid_status(1)"}) == Rules{"table-rewrite"});
}

TEST_CASE("locks are claimed of what the statement does not name, where the files tell", "[gate]") {
  const auto exclusive = LockMode::access_exclusive;
  const std::string partition =
      "CREATE TABLE ev (at date) PARTITION BY RANGE (at);"
      "CREATE TABLE ev_1 PARTITION OF ev FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')";
  CHECK(locks({partition}, "DROP TABLE ev_1") == Locks{{"ev", exclusive}, {"ev_1", exclusive}});
  const std::string key =
      "CREATE TABLE users (id int); CREATE TABLE orders (id int, u int REFERENCES users (id));"
      "CREATE INDEX i ON orders (id)";
  CHECK(locks({key}, "DROP TABLE orders") == Locks{{"orders", exclusive}, {"users", exclusive}});
  CHECK(locks({key}, "ALTER TABLE orders DROP CONSTRAINT orders_u_fkey") ==
        Locks{{"orders", exclusive}, {"users", exclusive}});
  CHECK(locks({key}, "ALTER TABLE orders DROP COLUMN u") ==
        Locks{{"orders", exclusive}, {"users", exclusive}});
  CHECK(locks({key}, "ALTER TABLE orders DROP COLUMN id") == Locks{{"orders", exclusive}});
  CHECK(locks({key}, "ALTER TABLE orders VALIDATE CONSTRAINT orders_u_fkey") ==
        Locks{{"orders", LockMode::share_update_exclusive}, {"users", LockMode::row_share}});
  CHECK(locks({key}, "DROP INDEX i") == Locks{{"i", exclusive}, {"orders", exclusive}});
  CHECK(locks({key}, "REINDEX INDEX i") == Locks{{"i", exclusive}, {"orders", LockMode::share}});
  CHECK(found({key, "BEGIN; DROP TABLE orders; UPDATE users SET a = 1 WHERE id = 1; COMMIT"}) ==
        Rules{"drop-table", "backfill-under-ddl-lock"});
}

TEST_CASE("locks are claimed of statements that change no table", "[gate]") {
  const Locks shared{{"t", LockMode::share_update_exclusive}};
  for (const std::string sql :
       {"CREATE STATISTICS s ON a, b FROM t", "ANALYZE t", "VACUUM t",
        "CREATE PUBLICATION p FOR TABLE t", "ALTER PUBLICATION p ADD TABLE t"}) {
    INFO(sql);
    CHECK(locks({}, sql) == shared);
    CHECK(found({sql}).empty());
  }
  CHECK(locks({}, "ALTER PUBLICATION p DROP TABLE t").empty());
  CHECK(locks({}, "COPY t FROM '/tmp/x'") == Locks{{"t", LockMode::row_exclusive}});
  CHECK(locks({}, "SELECT * FROM t FOR UPDATE") == Locks{{"t", LockMode::row_share}});
  CHECK(locks({}, "ALTER VIEW t SET (security_barrier = true)") ==
        Locks{{"t", LockMode::access_exclusive}});
  CHECK(locks({}, "ALTER TABLE t SET (user_catalog_table = true)") ==
        Locks{{"t", LockMode::access_exclusive}});
  CHECK(locks({}, "ALTER TABLE t SET (fillfactor = 70)") == shared);
}
