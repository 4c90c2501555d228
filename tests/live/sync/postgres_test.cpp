#include <algorithm>

#include "bench.hpp"

/// What only PostgreSQL has: sessions, roles, partitions, types, the token.
using namespace zdm::planner;
using namespace zdm::tests;
using Catch::Matchers::Contains;
using zdm::migrations::Text;

namespace {

const std::string kNames =
    "CREATE TABLE t (id integer PRIMARY KEY DEFAULT 1, o text, n text, other integer)";
const SyncRule kRename = rename_rule("o", "n");

}  // namespace

TEST_CASE("ON CONFLICT DO UPDATE is an INSERT and then an UPDATE", "[live][sync][postgresql]") {
  SyncBench bench(Engine::postgresql, kNames);
  bench.install({kRename});
  const std::string a = "INSERT INTO t (o) VALUES ('a')";
  CHECK(bench.after(a,
                    "INSERT INTO t (id, o) VALUES (1, 'b') ON CONFLICT (id) DO UPDATE SET o = "
                    "EXCLUDED.o",
                    "o, n") == "b|b");
  CHECK(bench.after(a,
                    "INSERT INTO t (id, n) VALUES (1, 'b') ON CONFLICT (id) DO UPDATE SET n = "
                    "EXCLUDED.n",
                    "o, n") == "b|b");
  CHECK(bench.after(a,
                    "INSERT INTO t (id, n) VALUES (1, 'b') ON CONFLICT (id) DO UPDATE SET o = "
                    "EXCLUDED.o, n = EXCLUDED.n",
                    "o, n") == "b|b");
}

TEST_CASE("COPY is held equal", "[live][sync][postgresql]") {
  SyncBench bench(Engine::postgresql, kNames);
  bench.install({kRename});
  CHECK(bench.after("", "COPY t (o) FROM PROGRAM 'echo a'", "o, n") == "a|a");
  CHECK(bench.after("", "COPY t (n) FROM PROGRAM 'echo a'", "o, n") == "a|a");
}

TEST_CASE("a subscription's target is held equal in a replica's session",
          "[live][sync][postgresql]") {
  SyncBench bench(Engine::postgresql, kNames);
  bench.table.subscribed = GENERATE(false, true);
  bench.install({kRename});
  bench.install({kRename});  // replaced: the mode must be set again
  bench.exec("SET session_replication_role = replica");
  const std::string expected = bench.table.subscribed ? "a|a" : "a|NULL";
  CHECK(bench.after("", "INSERT INTO t (o) VALUES ('a')", "o, n") == expected);
  bench.exec("UPDATE t SET o = 'b'");
  CHECK(bench.row("o, n") == (bench.table.subscribed ? "b|b" : "b|NULL"));
}

TEST_CASE("the writer's search_path and temporary objects do not matter",
          "[live][sync][postgresql]") {
  SyncBench bench(Engine::postgresql, kNames);
  bench.exec(
      "CREATE FUNCTION public.slug(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';"
      "CREATE DOMAIN public.short AS text;"
      "CREATE SCHEMA evil;"
      "CREATE FUNCTION evil.slug(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''evil''';"
      "CREATE FUNCTION evil.wrong(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';"
      "CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.wrong)");
  SyncRule rule = kRename;
  rule.forward[0].expression = "slug(o)::short";
  bench.install({rule});
  bench.exec("CREATE TEMP TABLE short (x integer)");
  bench.exec("SET search_path = evil, pg_catalog");
  bench.exec("INSERT INTO public.t (o) VALUES ('ABC')");
  bench.exec("UPDATE public.t SET o = 'DEF'");
  bench.exec("SET search_path = public");
  CHECK(bench.row("o, n") == "DEF|def");
}

TEST_CASE("what a user's BEFORE trigger changes is seen", "[live][sync][postgresql]") {
  SyncBench bench(Engine::postgresql, kNames);
  bench.exec(
      "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS "
      "$$BEGIN NEW.o := upper(NEW.o); RETURN NEW; END$$;"
      "CREATE TRIGGER stamp BEFORE INSERT OR UPDATE OF other ON t FOR EACH ROW "
      "EXECUTE FUNCTION stamp()");
  bench.install({kRename});
  CHECK(bench.after("", "INSERT INTO t (o) VALUES ('a')", "o, n") == "A|A");
  bench.exec("UPDATE t SET o = 'b'");
  CHECK(bench.row("o, n") == "b|b");
  bench.exec("UPDATE t SET other = 1");  // only the user's trigger touches o
  CHECK(bench.row("o, n") == "B|B");
}

TEST_CASE("statements prepared before the trigger, and before its rules change, obey it",
          "[live][sync][postgresql]") {
  SyncBench bench(Engine::postgresql, kNames);
  bench.exec("PREPARE put AS INSERT INTO t (o) VALUES ($1)");
  bench.exec("PREPARE change AS UPDATE t SET o = $1");
  bench.exec("EXECUTE put('a')");
  bench.install({kRename});
  bench.exec("EXECUTE change('b')");
  CHECK(bench.row("o, n") == "b|b");
  SyncRule loud = kRename;
  loud.forward[0].expression = "upper(o)";
  bench.install({loud});
  bench.exec("EXECUTE change('c')");
  CHECK(bench.row("o, n") == "c|C");
  CHECK(bench.after("", "EXECUTE put('d')", "o, n") == "d|D");
}

TEST_CASE("the token silences the UPDATE trigger for its own statement alone",
          "[live][sync][postgresql][token]") {
  SyncBench bench(Engine::postgresql, kNames);
  bench.generation = 7;
  bench.install({kRename});
  const auto write = [&](const std::string& token, const std::string& statement) {
    bench.exec("DELETE FROM t; INSERT INTO t (o) VALUES ('a')");
    bench.exec("BEGIN; SET LOCAL zdm.backfill = '" + token + "'");
    bench.exec(statement);
    bench.exec("COMMIT");
    return bench.row("o, n");
  };
  const std::string token = backfill_token(bench.table.oid, 7);
  const std::string update = "UPDATE t SET n = 'filled'";
  CHECK(write(token, update) == "a|filled");
  CHECK(write(backfill_token(bench.table.oid, 6), update) == "filled|filled");
  CHECK(write(backfill_token(bench.table.oid + 1, 7), update) == "filled|filled");
  CHECK(write("on", update) == "filled|filled");

  SECTION("it ends with the transaction") {
    bench.exec(update);
    CHECK(bench.row("o, n") == "filled|filled");
  }
  SECTION("it says nothing about an INSERT") {
    CHECK(write(token, "DELETE FROM t; INSERT INTO t (o) VALUES ('b')") == "b|b");
  }
  SECTION("what other triggers write meanwhile is held equal") {
    bench.exec(
        "CREATE TABLE log (x integer);"
        "CREATE FUNCTION fan_out() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN UPDATE t SET n = 'by trigger'; RETURN NEW; END$$;"
        "CREATE TRIGGER fan_out AFTER INSERT ON log FOR EACH ROW EXECUTE FUNCTION fan_out()");
    CHECK(write(token, "INSERT INTO log VALUES (1)") == "by trigger|by trigger");
  }
  SECTION("what a foreign key cascades is held equal") {
    bench.exec(
        "CREATE TABLE parent (k text PRIMARY KEY); INSERT INTO parent VALUES ('a');"
        "DELETE FROM t; INSERT INTO t (o) VALUES ('a');"
        "ALTER TABLE t ADD FOREIGN KEY (o) REFERENCES parent ON UPDATE CASCADE");
    CHECK(write(token, "UPDATE parent SET k = 'b'") == "b|b");
  }
}

TEST_CASE("a change that equality does not see is a change", "[live][sync][postgresql]") {
  struct Case {
    std::string type, before, after;
  };
  const std::vector<Case> cases = {{"numeric", "1.0", "1.00"},
                                   {"interval", "1 day", "24:00:00"},
                                   {"citext", "a", "A"},
                                   {"json", "{\"a\":1}", "{\"a\": 1}"},
                                   {"xml", "<a/>", "<a></a>"},
                                   {"point", "(1,2)", "(1,3)"},
                                   {"box", "(1,1),(0,0)", "(2,2),(1,1)"},
                                   {"json[]", "{1}", "{2}"},
                                   {"varchar(3)", "a", "b"},
                                   {"text COLLATE nocase", "a", "A"}};
  for (const Case& test : cases) {
    CAPTURE(test.type);
    SyncBench bench(Engine::postgresql,
                    "CREATE EXTENSION citext;"
                    "CREATE COLLATION nocase (provider = icu, locale = "
                    "'und-u-ks-level2', deterministic = false);"
                    "CREATE TABLE t (o " +
                        test.type + ", n " + test.type + ")");
    for (Column& each : bench.table.columns) {
      each.collation = test.type.find("COLLATE") == std::string::npos ? "" : "public.nocase";
    }
    bench.install({kRename});
    bench.exec("INSERT INTO t (o) VALUES ('" + test.before + "')");
    CHECK(bench.row("o::text, n::text") == test.before + "|" + test.before);
    bench.exec("UPDATE t SET o = '" + test.after + "'");
    const std::string expected = bench.value("SELECT '" + test.after + "'::text");
    CHECK(bench.row("o::text, n::text") == expected + "|" + expected);
    bench.exec("UPDATE t SET n = '" + test.before + "'");
    CHECK(bench.row("o::text, n::text") == test.before + "|" + test.before);
  }
}

TEST_CASE("defaults of types without equality are compared", "[live][sync][postgresql]") {
  SyncBench bench(Engine::postgresql,
                  "CREATE TABLE t (o json DEFAULT '{}', n json DEFAULT '{}', p numeric(10,2))");
  SyncRule rule = kRename;
  rule.old_side[0] = sync_column("o", "'{}'::json", DefaultKind::constant);
  rule.new_side[0] = sync_column("n", "'{}'::json", DefaultKind::constant);
  bench.install({rule});
  CHECK(bench.after("", "INSERT INTO t (o) VALUES ('[1]')", "o, n") == "[1]|[1]");
  CHECK(bench.after("", "INSERT INTO t (n) VALUES ('[1]')", "o, n") == "[1]|[1]");
  CHECK(bench.after("", "INSERT INTO t DEFAULT VALUES", "o, n") == "{}|{}");
}

TEST_CASE("on_error decides what a failing expression does to the writer",
          "[live][sync][postgresql]") {
  SyncBench bench(Engine::postgresql, "CREATE TABLE t (o text, n integer)");
  SyncRule rule = kRename;
  rule.forward[0].expression = "o::integer";
  rule.backward[0].expression = "n::text";
  SECTION("fail: the write fails with the server's error") {
    bench.install({rule});
    CHECK_THAT(bench.error("INSERT INTO t (o) VALUES ('x')"), Contains("22P02"));
  }
  SECTION("null: the derived side is NULL") {
    rule.on_error = OnError::null;
    bench.install({rule});
    CHECK(bench.after("", "INSERT INTO t (o) VALUES ('x')", "o, n") == "x|NULL");
    bench.exec("UPDATE t SET o = '5'");
    CHECK(bench.row("o, n") == "5|5");
    bench.exec("UPDATE t SET o = 'y'");
    CHECK(bench.row("o, n") == "y|NULL");
  }
}

TEST_CASE("a partitioned table's leaves are held equal, later ones too",
          "[live][sync][postgresql]") {
  SyncBench bench(Engine::postgresql,
                  "CREATE TABLE t (id integer, o text, n text) PARTITION BY RANGE (id);"
                  "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10);"
                  "CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (10) TO (20)");
  bench.table.kind = TableKind::partitioned;
  bench.table.leaves = {{"public", "t1"}, {"public", "t2"}};
  bench.table.subscribed = GENERATE(false, true);
  const int as_if = GENERATE(120000, 130000, 150000);
  bench.catalog.server_version = std::min(bench.catalog.server_version, as_if);
  bench.install({kRename});
  bench.install({kRename});  // in place of the first
  CHECK(bench.after("", "INSERT INTO t VALUES (1, 'a')", "o, n") == "a|a");
  bench.exec("UPDATE t2 SET o = 'b'");
  bench.exec("UPDATE t SET id = 11, n = 'c'");  // moves to the other leaf
  CHECK(bench.row("o, n") == "c|c");
  if (bench.catalog.server_version >= 130000) {
    bench.exec("CREATE TABLE t3 PARTITION OF t FOR VALUES FROM (20) TO (30)");
    CHECK(bench.after("", "INSERT INTO t3 VALUES (21, 'a')", "o, n") == "a|a");
  }
  if (bench.table.subscribed) {
    bench.exec("SET session_replication_role = replica");
    CHECK(bench.after("", "INSERT INTO t1 VALUES (1, 'a')", "o, n") == "a|a");
    bench.exec("SET session_replication_role = origin");
  }
  bench.install({});
  CHECK(bench.value("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'zzz_zdm%'") == "0");
}

TEST_CASE("a dump of a database in flight can be restored", "[live][sync][postgresql]") {
  SyncBench bench(Engine::postgresql, "CREATE TABLE t (o numeric, n json)");
  SyncRule rule = kRename;
  rule.forward[0].expression = "to_json(o)";
  rule.backward[0].expression = "n::text::numeric";
  bench.install({rule});
  const std::string definition = bench.value(
      "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = "
      "'zzz_zdm_sync_update'");
  bench.exec("DROP TRIGGER zzz_zdm_sync_update ON t");
  bench.exec(definition);
  bench.exec("INSERT INTO t (o) VALUES (1)");
  bench.exec("UPDATE t SET n = '2'");
  CHECK(bench.row("o, n") == "2|2");
}

TEST_CASE("a value that is a row of NULLs was given", "[live][sync][postgresql]") {
  SyncBench bench(Engine::postgresql,
                  "CREATE TYPE pair AS (x integer, y integer); CREATE TABLE t (o pair, n pair)");
  bench.install({kRename});
  CHECK(bench.after("", "INSERT INTO t (n) VALUES ('(1,)')", "o, n") == "(1,)|(1,)");
  bench.exec("UPDATE t SET o = '(,2)'");
  CHECK(bench.row("o, n") == "(,2)|(,2)");
}

TEST_CASE("the functions say whose they are", "[live][sync][postgresql]") {
  SyncBench bench(Engine::postgresql, kNames);
  bench.install({kRename});
  CHECK(bench.value("SELECT obj_description(oid) FROM pg_proc WHERE proname = 'sync_" +
                    std::to_string(bench.table.oid) + "_insert'") ==
        "zdm: holds old and new columns of public.t equal for 0001_rename");
}
