#include <fmt/format.h>

#include <algorithm>

#include "bed.hpp"
#include "support/catch.hpp"
#include "support/snapshot.hpp"

using namespace zdm;
using namespace zdm::tests;
using planner::ErrorCode;
using planner::MethodPolicy;

namespace {

/// Everything that hangs on a view, and everything that may stand on one.
const std::vector<std::string> kRich = {
    "CREATE ROLE zdm_mv_owner", "CREATE ROLE zdm_mv_reader", "CREATE ROLE zdm_mv_other",
    "GRANT CREATE ON SCHEMA public TO zdm_mv_owner",
    "CREATE TABLE orders (id int PRIMARY KEY, day int, amount numeric, note text)",
    "INSERT INTO orders SELECT i, i % 10, i, repeat('x', 20) FROM generate_series(1, 500) i",
    "GRANT SELECT ON orders TO zdm_mv_owner",
    R"(CREATE MATERIALIZED VIEW "V ""1"" ON x.y USING z" WITH (fillfactor = 70,
         autovacuum_enabled = false, toast.autovacuum_enabled = false) AS
         SELECT id, day, amount AS "Amount", note FROM orders)",
    R"(CREATE UNIQUE INDEX "I ""1"" USING z" ON "V ""1"" ON x.y USING z" (id) INCLUDE (day))",
    R"(CREATE INDEX by_sum ON "V ""1"" ON x.y USING z" ((day + 1)) WITH (fillfactor = 50)
         WHERE day > 2)",
    R"(ALTER INDEX by_sum ALTER COLUMN 1 SET STATISTICS 77)",
    R"(COMMENT ON INDEX by_sum IS 'an index')",
    R"(ALTER MATERIALIZED VIEW "V ""1"" ON x.y USING z" CLUSTER ON "I ""1"" USING z")",
    R"(ALTER MATERIALIZED VIEW "V ""1"" ON x.y USING z" ALTER COLUMN note SET STORAGE EXTERNAL)",
    R"(ALTER MATERIALIZED VIEW "V ""1"" ON x.y USING z" ALTER COLUMN day SET STATISTICS 55)",
    R"(ALTER MATERIALIZED VIEW "V ""1"" ON x.y USING z" ALTER COLUMN day SET (n_distinct = -0.5))",
    R"(COMMENT ON MATERIALIZED VIEW "V ""1"" ON x.y USING z" IS 'it''s \ a view')",
    R"(COMMENT ON COLUMN "V ""1"" ON x.y USING z"."Amount" IS 'an amount')",
    R"(CREATE STATISTICS "S 1" (ndistinct) ON id, day FROM "V ""1"" ON x.y USING z")",
    R"(ALTER MATERIALIZED VIEW "V ""1"" ON x.y USING z" RENAME COLUMN note TO remark)",
    R"(ALTER MATERIALIZED VIEW "V ""1"" ON x.y USING z" OWNER TO zdm_mv_owner)",
    R"(GRANT SELECT ON "V ""1"" ON x.y USING z" TO zdm_mv_reader WITH GRANT OPTION)",
    R"(GRANT SELECT (id) ON "V ""1"" ON x.y USING z" TO PUBLIC)", "SET ROLE zdm_mv_reader",
    R"(GRANT SELECT ON "V ""1"" ON x.y USING z" TO zdm_mv_other)", "RESET ROLE",
    R"(REVOKE TRUNCATE ON "V ""1"" ON x.y USING z" FROM zdm_mv_owner)",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT ON TABLES TO PUBLIC, zdm_mv_other",
    // what stands on it
    R"(CREATE VIEW over (a, b) WITH (security_barrier) AS
         SELECT id, "Amount" FROM "V ""1"" ON x.y USING z" WHERE day > 1)",
    "GRANT SELECT ON over TO zdm_mv_reader", "COMMENT ON VIEW over IS 'a view'",
    "ALTER VIEW over ALTER COLUMN a SET DEFAULT 7",
    "CREATE RULE over_insert AS ON INSERT TO over DO INSTEAD NOTHING",
    "COMMENT ON RULE over_insert ON over IS 'a rule'", "COMMENT ON TYPE over IS 'its rows'",
    "CREATE FUNCTION enter() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    R"(CREATE TRIGGER over_update INSTEAD OF UPDATE ON over FOR EACH ROW
         EXECUTE FUNCTION enter())",
    "COMMENT ON TRIGGER over_update ON over IS 'a trigger'",
    "CREATE VIEW over_over AS SELECT a FROM over",
    R"(CREATE FUNCTION in_sql() RETURNS bigint LANGUAGE sql STABLE
         BEGIN ATOMIC SELECT count(*) FROM "V ""1"" ON x.y USING z"; END)",
    R"(CREATE FUNCTION in_string() RETURNS bigint LANGUAGE sql AS
         'SELECT count(*) FROM "V ""1"" ON x.y USING z"')",
    "CREATE TABLE guarded (id int)", "ALTER TABLE guarded ENABLE ROW LEVEL SECURITY",
    R"(CREATE POLICY by_view ON guarded FOR SELECT TO zdm_mv_reader
         USING (id IN (SELECT id FROM "V ""1"" ON x.y USING z")))",
    R"(CREATE RULE counting AS ON INSERT TO guarded WHERE new.id < 0 DO ALSO
         SELECT count(*) FROM "V ""1"" ON x.y USING z")",
    "ALTER TABLE guarded DISABLE RULE counting"};

const std::string kView = R"("V ""1"" ON x.y USING z")";

/// The roles outlive a database.
class Rich final {
 public:
  Rich() : bed({}) {
    drop_roles();
    for (const auto& statement : kRich) bed.exec(statement);
  }
  ~Rich() {
    try {
      bed.exec("DROP OWNED BY zdm_mv_owner, zdm_mv_reader, zdm_mv_other CASCADE");
      drop_roles();
    } catch (const std::exception&) {  // the next one drops them
    }
  }
  Bed bed;

 private:
  void drop_roles() {
    for (const auto* role : {"zdm_mv_owner", "zdm_mv_reader", "zdm_mv_other"}) {
      bed.exec(fmt::format("DROP ROLE IF EXISTS {}", role));
    }
  }
};

/// All that the catalog says about a schema, but for oids and files: what must be the same after.
std::vector<std::string> catalog_of(Bed& bed) {
  std::vector<std::string> lines;
  for (const auto& row : bed.database.rows(R"(
      SELECT 'relation ' || c.relname || ' ' || c.relkind::text || ' ' || r.rolname || ' '
             || coalesce((SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(c.relacl) x), '-')
             || ' ' || coalesce(c.reloptions::text, '-')
             || ' ' || coalesce(t.reloptions::text, '-')
             || ' ' || coalesce(obj_description(c.oid, 'pg_class'), '-')
             || ' ' || CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) ELSE '-' END
        FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
        LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
       WHERE c.relnamespace = 'public'::regnamespace
      UNION ALL
      SELECT 'column ' || c.relname || '.' || a.attname || ' ' || a.atttypid::regtype::text || ' '
             || coalesce(a.attstattarget, -1) || ' ' || a.attstorage::text || ' ' || coalesce(a.attoptions::text, '-')
             || ' ' || coalesce(a.attacl::text, '-')
             || ' ' || coalesce(col_description(c.oid, a.attnum), '-')
             || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '-')
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
       WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0
      UNION ALL
      SELECT 'index ' || pg_get_indexdef(indexrelid) || ' ' || indisclustered::text || indisvalid::text
        FROM pg_index JOIN pg_class c ON c.oid = indexrelid
       WHERE c.relnamespace = 'public'::regnamespace
      UNION ALL
      SELECT 'statistics ' || pg_get_statisticsobjdef(oid) FROM pg_statistic_ext
      UNION ALL
      SELECT 'rule ' || pg_get_ruledef(r.oid) || r.ev_enabled::text
        FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
       WHERE c.relnamespace = 'public'::regnamespace
      UNION ALL
      SELECT 'policy ' || polname || ' ' || polroles::regrole[]::text || ' '
             || coalesce(pg_get_expr(polqual, polrelid), '-') FROM pg_policy
      UNION ALL
      SELECT 'function ' || pg_get_functiondef(oid) FROM pg_proc
       WHERE pronamespace = 'public'::regnamespace
      ORDER BY 1)")) {
    lines.push_back(row[0].value_or("NULL"));
  }
  return lines;
}

void check_same(const std::vector<std::string>& before, const std::vector<std::string>& after) {
  for (const auto& line : before) {
    if (std::ranges::find(after, line) == after.end()) FAIL_CHECK("gone: " << line);
  }
  for (const auto& line : after) {
    if (std::ranges::find(before, line) == before.end()) FAIL_CHECK("new: " << line);
  }
}

}  // namespace

TEST_CASE("a swap leaves everything as it was but the rows", "[live][matviews]") {
  Rich rich;
  Bed& bed = rich.bed;
  const auto before = catalog_of(bed);
  const auto dumped = shape_of(bed.database);
  const auto oid = bed.value("SELECT 'over'::regclass::oid");
  const auto old = bed.value(fmt::format("SELECT '{}'::regclass::oid", kView));
  bed.exec("INSERT INTO orders VALUES (1001, 5, 1, 'new')");
  const auto report = bed.one(kView, MethodPolicy::swap);
  INFO(text_of(report.error));
  REQUIRE(report.state == "done");
  CHECK(report.rows == 501);
  check_same(before, catalog_of(bed));
  CHECK(difference(dumped, shape_of(bed.database)) == "");
  CHECK(bed.value(fmt::format("SELECT '{}'::regclass::oid", kView)) != old);
  CHECK(bed.value("SELECT 'over'::regclass::oid") == oid);
  CHECK(bed.value("SELECT count(*) FROM over WHERE a = 1001") == "1");
  CHECK(bed.value("SELECT count(*) FROM over_over WHERE a = 1001") == "1");
  CHECK(bed.value("SELECT in_sql() || ' ' || in_string()") == "501 501");
  CHECK(leftovers(bed.database) == "none");
  // And again, now that everything stands on the second one.
  bed.exec("DELETE FROM orders WHERE id = 1001");
  REQUIRE(bed.one(kView, MethodPolicy::swap).state == "done");
  check_same(before, catalog_of(bed));
  CHECK(bed.value("SELECT in_sql()") == "500");
}

TEST_CASE("the new content is what the owner may see, whoever refreshes", "[live][matviews]") {
  Rich rich;
  Bed& bed = rich.bed;
  bed.exec("ALTER TABLE orders ENABLE ROW LEVEL SECURITY");
  bed.exec("CREATE POLICY those ON orders FOR SELECT TO zdm_mv_owner USING (id <= 10)");
  for (const auto method : {MethodPolicy::swap, MethodPolicy::concurrently}) {
    const auto report = bed.one(kView, method);
    INFO(text_of(report.error));
    CHECK(report.state == "done");
    CHECK(report.rows == 10);
  }
}

TEST_CASE("materialized views that read it directly are built anew with it", "[live][matviews]") {
  Bed bed({"CREATE TABLE t AS SELECT i FROM generate_series(1, 10) i",
           "CREATE MATERIALIZED VIEW base AS SELECT i FROM t",
           "CREATE MATERIALIZED VIEW middle AS SELECT i * 2 AS i FROM base",
           "CREATE UNIQUE INDEX ON middle (i)",
           "CREATE MATERIALIZED VIEW two AS SELECT m.i FROM middle m JOIN base b ON m.i = b.i",
           "CREATE MATERIALIZED VIEW unpopulated AS SELECT i FROM base WITH NO DATA",
           "CREATE VIEW plain AS SELECT count(*) AS n FROM two",
           "CREATE MATERIALIZED VIEW apart AS SELECT n FROM plain"});
  bed.exec("INSERT INTO t SELECT generate_series(11, 20)");
  const auto outcome = bed.refresh({.method = MethodPolicy::swap});
  INFO(text_of(outcome.error));
  REQUIRE_FALSE(outcome.error);
  CHECK(bed.value("SELECT count(*) FROM base") == "20");
  CHECK(bed.value("SELECT count(*) FROM middle") == "20");
  CHECK(bed.value("SELECT count(*) FROM two") == "10");
  CHECK(bed.value("SELECT n FROM apart") == "10");
  CHECK(report_of(outcome, "public.middle").reason.find("built anew") != std::string::npos);
  CHECK(bed.value("SELECT string_agg(view, ' ' ORDER BY view) FROM zdm.matview_run "
                  "WHERE reason = 'with public.base'") == "public.middle public.two");
  CHECK(leftovers(bed.database) == "none");
}

TEST_CASE("what cannot follow is listed, and nothing is changed", "[live][matviews]") {
  Bed bed({"CREATE MATERIALIZED VIEW v AS SELECT i FROM generate_series(1, 10) i",
           "CREATE UNIQUE INDEX ON v (i)",
           "CREATE FUNCTION of_row(v) RETURNS int LANGUAGE sql AS 'SELECT $1.i'",
           "CREATE TABLE holds (each v)", "CREATE VIEW whole AS SELECT v AS r FROM v"});
  const auto report = bed.one("v", MethodPolicy::swap);
  CHECK(report.state == "refused");
  REQUIRE(report.error);
  INFO(report.error->message);
  CHECK(report.error->code == ErrorCode::refused);
  for (const auto* name : {"of_row", "column each of table public.holds", "whole"}) {
    CHECK(report.error->message.find(name) != std::string::npos);
  }
  CHECK(leftovers(bed.database) == "none");
  const auto automatic = bed.one("v", MethodPolicy::automatic);
  CHECK(automatic.method == "concurrently");
  CHECK(automatic.reason.find("of_row") != std::string::npos);
}

TEST_CASE("what a new one cannot be given is named, and nothing is changed", "[live][matviews]") {
  Bed bed({"CREATE MATERIALIZED VIEW v AS SELECT i FROM generate_series(1, 10) i",
           "CREATE UNIQUE INDEX key ON v (i)", "CREATE MATERIALIZED VIEW on_v AS SELECT i FROM v",
           "INSERT INTO pg_seclabel VALUES ('v'::regclass, 'pg_class'::regclass, 0, 'dummy', 'x')",
           "INSERT INTO pg_seclabel VALUES ('on_v'::regclass, 'pg_class'::regclass, 1, 'dummy', "
           "'x')",
           "COMMENT ON TYPE v IS 'its rows'", "ALTER INDEX key DEPENDS ON EXTENSION plpgsql"});
  const auto oid = bed.value("SELECT 'v'::regclass::oid");
  const auto report = bed.one("v", MethodPolicy::swap);
  CHECK(report.state == "refused");
  REQUIRE(report.error);
  INFO(report.error->message);
  CHECK(report.error->code == ErrorCode::refused);
  for (const auto* name :
       {"its security label by dummy", "the security label of its column i by dummy",
        "the comment on its row type", "the dependence of index public.key on extension plpgsql",
        "a new public.on_v cannot be given"}) {
    INFO(name);
    CHECK(report.error->message.find(name) != std::string::npos);
  }
  CHECK(bed.value("SELECT 'v'::regclass::oid") == oid);
  CHECK(bed.value("SELECT count(*) FROM pg_seclabel") == "2");
  CHECK(leftovers(bed.database) == "none");
  const auto automatic = bed.one("v", MethodPolicy::automatic);
  CHECK(automatic.method == "concurrently");
  CHECK(automatic.reason.find("security label") != std::string::npos);
}

TEST_CASE("what is changed while the new one is built is not lost", "[live][matviews]") {
  Bed bed({"CREATE TABLE t AS SELECT i FROM generate_series(1, 10) i",
           "CREATE MATERIALIZED VIEW v AS SELECT i FROM t", "CREATE UNIQUE INDEX ON v (i)",
           "CREATE VIEW over AS SELECT i FROM v"});
  // Right before the exchange: after ANALYZE of the new one.
  const auto at_analyze = [&bed](const std::string& sql) {
    bed.open_work = hooked(bed.database.opener(), [&bed, sql]() -> Hook {
      return [&bed, sql](migrations::Connection& connection, std::string_view text,
                         std::span<const migrations::Text> parameters) {
        auto result = connection.run(text, parameters);
        if (text.starts_with("ANALYZE")) bed.exec(sql);
        return result;
      };
    });
  };
  at_analyze("CREATE OR REPLACE VIEW over AS SELECT i, 1 AS more FROM v");
  auto report = bed.one("v", MethodPolicy::swap);
  INFO(text_of(report.error));
  CHECK(report.state == "done");
  CHECK(bed.value("SELECT max(more) FROM over") == "1");

  at_analyze("CREATE VIEW over_too AS SELECT i FROM v");
  report = bed.one("v", MethodPolicy::swap);
  CHECK(report.state == "done");
  CHECK(bed.value("SELECT count(*) FROM over_too") == "10");

  at_analyze("COMMENT ON MATERIALIZED VIEW v IS 'from now on'");
  report = bed.one("v", MethodPolicy::swap);
  CHECK(report.state == "failed");
  CHECK(bed.value("SELECT obj_description('v'::regclass, 'pg_class')") == "from now on");
  CHECK(leftovers(bed.database) == "none");
}

TEST_CASE("the share of rows that changed is known after a swap, too", "[live][matviews]") {
  Bed bed({"CREATE TABLE t AS SELECT i, 0 AS x FROM generate_series(1, 4000) i",
           "CREATE MATERIALIZED VIEW v AS SELECT i, x FROM t", "CREATE UNIQUE INDEX ON v (i)",
           "ANALYZE v"});
  CHECK(bed.one("v", MethodPolicy::swap).changed == Approx(0.0));
  bed.exec("UPDATE t SET x = 1 WHERE i % 4 = 0");
  CHECK(bed.one("v", MethodPolicy::swap).changed == Approx(0.25));
  bed.exec("INSERT INTO t SELECT i, 0 FROM generate_series(4001, 8000) i");
  CHECK(bed.one("v", MethodPolicy::swap).changed == Approx(0.5));
  bed.exec("UPDATE t SET x = 2 WHERE i % 8 = 0");
  const auto report = bed.one("v", MethodPolicy::concurrently);
  CHECK(report.changed == Approx(0.125));
}

TEST_CASE("auto measures both methods, then takes the faster one and says why",
          "[live][matviews]") {
  Bed bed({"CREATE TABLE t AS SELECT i, 0 AS x FROM generate_series(1, 60000) i",
           "CREATE MATERIALIZED VIEW v AS SELECT i, x FROM t", "CREATE UNIQUE INDEX ON v (i)"});
  std::vector<std::string> methods;
  for (int round = 1; round <= 4; ++round) {
    bed.exec(fmt::format("UPDATE t SET x = {}", round));
    const auto report = bed.one("v", MethodPolicy::automatic);
    INFO(text_of(report.error));
    REQUIRE(report.state == "done");
    methods.push_back(report.method);
    CHECK_FALSE(report.reason.empty());
    CHECK(bed.value("SELECT min(x) FROM v") == std::to_string(round));
  }
  CHECK(methods == std::vector<std::string>{"concurrently", "swap", "swap", "swap"});
}
