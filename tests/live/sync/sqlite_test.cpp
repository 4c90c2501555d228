#include "bench.hpp"

#include <chrono>
#include <thread>

/// What only SQLite has: AFTER triggers, the guard, conflict clauses, affinities.
using namespace zdm::planner;
using namespace zdm::tests;
using Catch::Matchers::Contains;

namespace {

const std::string kNames = "CREATE TABLE t (id INTEGER PRIMARY KEY, o TEXT, n TEXT, other INTEGER)";
const SyncRule kRename = rename_rule("o", "n");

/// up and down that would show if one were run on top of the other.
SyncRule lossy() {
  SyncRule rule = kRename;
  rule.forward[0].expression = "lower(o)";
  rule.backward[0].expression = "lower(n)";
  return rule;
}

}  // namespace

TEST_CASE("SQLite: a derived value is not derived from again", "[live][sync][sqlite]") {
  SyncBench bench(Engine::sqlite, kNames);
  bench.exec(GENERATE("PRAGMA recursive_triggers = off", "PRAGMA recursive_triggers = on"));
  bench.install({lossy()});
  CHECK(bench.after("", "INSERT INTO t (o) VALUES ('AB')", "o, n") == "AB|ab");
  bench.exec("UPDATE t SET o = 'CD'");
  CHECK(bench.row("o, n") == "CD|cd");
  bench.exec("UPDATE t SET n = 'EF'");
  CHECK(bench.row("o, n") == "ef|EF");
  bench.exec(
      "INSERT INTO t (id, o) VALUES (1, 'GH') ON CONFLICT (id) DO UPDATE SET o = excluded.o");
  CHECK(bench.row("o, n") == "GH|gh");
  bench.exec("REPLACE INTO t (id, o) VALUES (1, 'IJ')");
  CHECK(bench.row("o, n") == "IJ|ij");
  CHECK(bench.value("SELECT count(*) FROM zdm_guard") == "0");
}

TEST_CASE("SQLite: several rows of one statement are each held equal", "[live][sync][sqlite]") {
  SyncBench bench(Engine::sqlite, kNames);
  bench.install({lossy()});
  bench.exec("INSERT INTO t (o) VALUES ('A'), ('B'), ('C')");
  bench.exec("UPDATE t SET o = o || 'X' WHERE id > 1");
  CHECK(bench.value("SELECT group_concat(o || n, ' ') FROM t") == "Aa BXbx CXcx");
}

TEST_CASE("SQLite: NOT NULL of both sides is kept by the triggers", "[live][sync][sqlite]") {
  SyncBench bench(Engine::sqlite, kNames);
  SyncRule rule = kRename;
  rule.old_side[0].not_null = rule.new_side[0].not_null = true;
  bench.install({rule});
  CHECK_THAT(bench.error("INSERT INTO t (other) VALUES (1)"),
             Contains("NOT NULL constraint failed: t.o"));
  CHECK(bench.error("INSERT INTO t (n) VALUES ('a')").empty());
  CHECK_THAT(bench.error("UPDATE t SET n = NULL"), Contains("NOT NULL constraint failed"));
  CHECK_THAT(bench.error("UPDATE OR FAIL t SET o = NULL"), Contains("NOT NULL constraint failed"));
  CHECK(bench.row("o, n") == "a|a");
  CHECK(bench.value("SELECT count(*) FROM zdm_guard") == "0");
}

TEST_CASE("SQLite: a batch writes past the triggers, and nobody else does",
          "[live][sync][sqlite]") {
  SyncBench bench(Engine::sqlite, kNames);
  bench.exec("INSERT INTO t (o) VALUES ('AB')");
  bench.install({lossy()});
  bench.exec("BEGIN IMMEDIATE");
  bench.exec(sqlite_guard_enter(bench.table.name));
  bench.exec("UPDATE t SET n = 'filled'");
  bench.exec(sqlite_guard_leave(bench.table.name));
  bench.exec("COMMIT");
  CHECK(bench.row("o, n") == "AB|filled");
  bench.exec("UPDATE t SET n = 'CD'");
  CHECK(bench.row("o, n") == "cd|CD");
}

TEST_CASE("SQLite: a guard that OR FAIL leaves behind hides nothing from the next statement",
          "[live][sync][sqlite]") {
  SyncBench bench(Engine::sqlite,
                  "CREATE TABLE t (id INTEGER PRIMARY KEY, o TEXT, n TEXT CHECK (n <> 'bad'))");
  bench.install({kRename});
  bench.exec("INSERT INTO t (id, o) VALUES (1, 'a'), (2, 'b')");
  CHECK_THAT(bench.error("UPDATE OR FAIL t SET o = 'bad' WHERE id = 1"), Contains("CHECK"));
  CHECK(bench.row("count(*)", "id = 1 AND (SELECT count(*) FROM zdm_guard) = 1") == "1");
  bench.exec("UPDATE t SET o = 'c' WHERE id = 2");
  CHECK(bench.row("o, n", "id = 2") == "c|c");
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  bench.exec("UPDATE t SET o = 'd' WHERE id = 1");
  CHECK(bench.row("o, n", "id = 1") == "d|d");
  CHECK(bench.row("(SELECT count(*) FROM zdm_guard)", "id = 1") == "0");
}

TEST_CASE("SQLite: what a user's trigger writes to other rows meanwhile is held equal",
          "[live][sync][sqlite]") {
  SyncBench bench(Engine::sqlite, kNames);
  bench.exec("INSERT INTO t (id, o) VALUES (1, 'A'), (2, 'B')");
  SECTION("when the application's own write fires it") {
    bench.exec(
        "CREATE TRIGGER fan_out AFTER UPDATE OF o ON t WHEN NEW.id = 1 "
        "BEGIN UPDATE t SET o = 'FROM ' || NEW.o WHERE id = 2; END");
    bench.install({lossy()});
    bench.exec("UPDATE t SET o = 'CD' WHERE id = 1");
    CHECK(bench.row("o, n", "id = 1") == "CD|cd");
    CHECK(bench.row("o, n", "id = 2") == "FROM CD|from cd");
  }
  SECTION("when our write of an inserted row fires it") {
    bench.exec(
        "CREATE TRIGGER fan_out AFTER UPDATE OF n ON t WHEN NEW.id = 3 "
        "BEGIN UPDATE t SET o = 'FROM ' || NEW.n WHERE id = 2; END");
    bench.install({lossy()});
    bench.exec("INSERT INTO t (id, o) VALUES (3, 'CD')");
    CHECK(bench.row("o, n", "id = 3") == "CD|cd");
    CHECK(bench.row("o, n", "id = 2") == "FROM cd|from cd");
  }
}

TEST_CASE("SQLite: a change of case in a NOCASE column is a change", "[live][sync][sqlite]") {
  SyncBench bench(Engine::sqlite, "CREATE TABLE t (o TEXT COLLATE NOCASE, n TEXT COLLATE NOCASE)");
  bench.install({kRename});
  CHECK(bench.after("INSERT INTO t (o) VALUES ('a')", "UPDATE t SET o = 'A'", "o, n") == "A|A");
}

TEST_CASE("SQLite: a default is compared as the column stores it", "[live][sync][sqlite]") {
  struct Case {
    std::string type, default_sql, shown;
  };
  const std::vector<Case> cases = {{"INTEGER", "'0'", "0"},      {"TEXT", "5", "5"},
                                   {"REAL", "1", "1.0"},         {"NUMERIC", "-2.50", "-2.5"},
                                   {"BLOB", "'x'", "x"},         {"VARCHAR(9)", "'it''s'", "it's"},
                                   {"INTEGER", "'none'", "none"}};
  for (const Case& test : cases) {
    CAPTURE(test.type, test.default_sql);
    const std::string column = test.type + " DEFAULT " + test.default_sql;
    SyncBench bench(Engine::sqlite, "CREATE TABLE t (o " + column + ", n " + column + ")");
    SyncRule rule = kRename;
    rule.old_side[0] = sync_column("o", test.default_sql, DefaultKind::constant);
    rule.new_side[0] = sync_column("n", test.default_sql, DefaultKind::constant);
    bench.install({rule});
    CHECK(bench.after("", "INSERT INTO t DEFAULT VALUES", "o, n") == test.shown + "|" + test.shown);
    CHECK(bench.after("", "INSERT INTO t (n) VALUES (7)", "CAST(o AS INTEGER)") == "7");
    CHECK(bench.after("", "INSERT INTO t (o) VALUES (7)", "CAST(n AS INTEGER)") == "7");
  }
}

TEST_CASE("SQLite: a default that moves on counts as not given beside a given side",
          "[live][sync][sqlite]") {
  SyncBench bench(Engine::sqlite,
                  "CREATE TABLE t (o TEXT DEFAULT CURRENT_TIMESTAMP, n TEXT, other INTEGER)");
  SyncRule rule = kRename;
  rule.old_side[0] = sync_column("o", "CURRENT_TIMESTAMP", DefaultKind::stable);
  bench.install({rule});
  CHECK(bench.after("", "INSERT INTO t (n) VALUES ('x')", "o, n") == "x|x");
  CHECK(bench.after("", "INSERT INTO t (o) VALUES ('x')", "o, n") == "x|x");
  CHECK(bench.after("", "INSERT INTO t (other) VALUES (1)", "o IS n") == "1");
}

TEST_CASE("SQLite: rows of WITHOUT ROWID tables are found by their key", "[live][sync][sqlite]") {
  SyncBench bench(Engine::sqlite,
                  "CREATE TABLE t (a TEXT, b INTEGER, o TEXT, n TEXT, PRIMARY KEY (a, b)) "
                  "WITHOUT ROWID");
  bench.table.without_rowid = true;
  bench.install({lossy()});
  bench.exec("INSERT INTO t (a, b, o) VALUES ('x', 1, 'AB'), ('x', 2, 'CD')");
  bench.exec("UPDATE t SET n = 'EF' WHERE b = 2");
  bench.exec("UPDATE t SET a = 'y', o = 'GH' WHERE b = 1");
  CHECK(bench.row("o, n", "b = 1") == "GH|gh");
  CHECK(bench.row("o, n", "b = 2") == "ef|EF");
}

TEST_CASE("SQLite: a column named rowid does not hide the row", "[live][sync][sqlite]") {
  SyncBench bench(Engine::sqlite, "CREATE TABLE t (rowid TEXT, o TEXT, n TEXT)");
  bench.install({kRename});
  CHECK(bench.after("INSERT INTO t (rowid, o) VALUES ('r', 'a')", "UPDATE t SET o = 'b'", "o, n") ==
        "b|b");
}

TEST_CASE("SQLite: triggers leave under the table's new name, too", "[live][sync][sqlite]") {
  SyncBench bench(Engine::sqlite, kNames);
  bench.install({kRename});
  bench.exec("ALTER TABLE t RENAME TO was");
  bench.exec("ALTER TABLE was RENAME TO u");
  Table renamed = bench.table;
  renamed.name.name = "u";
  renamed.triggers = {{.name = "zzz_zdm_t_insert"}, {.name = "zzz_zdm_t_update"}};
  const auto statements = compose_triggers(bench.catalog, renamed, {kRename}, {kRename}, 2);
  REQUIRE(statements);
  for (const std::string& statement : *statements) {
    bench.exec(statement);
  }
  bench.exec("INSERT INTO u (o) VALUES ('a')");
  CHECK(bench.value("SELECT n FROM u") == "a");
  CHECK(bench.value("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'") == "2");
}
