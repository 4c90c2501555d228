#include <fmt/format.h>

#include <array>
#include <chrono>

#include "rig.hpp"
#include "support/catch.hpp"
#include "support/crowd.hpp"
#include "support/snapshot.hpp"
#include "support/wait.hpp"

using namespace zdm;
using namespace zdm::tests;
using migrations::Engine;
using planner::ErrorCode;
using planner::Phase;

namespace {

constexpr const char* kQuery = "SELECT id, day, amount AS \"Amount\" FROM orders";

/// A database, and roles that outlive it.
class Scene final {
 public:
  explicit Scene(const std::vector<std::string>& more) : rig(Engine::postgresql) {
    drop_roles();
    for (const auto* role : kRoles) rig.exec(fmt::format("CREATE ROLE {}", role));
    for (const char* sql :
         {"GRANT CREATE ON SCHEMA public TO zdm_view_owner",
          "CREATE TABLE orders (id integer PRIMARY KEY, day integer, amount numeric)",
          "INSERT INTO orders SELECT i, i % 10, i FROM generate_series(1, 100) i",
          "GRANT SELECT ON orders TO zdm_view_owner"}) {
      rig.exec(sql);
    }
    for (const auto& sql : more) rig.exec(sql);
  }
  ~Scene() {
    try {
      rig.exec("DROP OWNED BY zdm_view_owner, zdm_view_reader, zdm_view_other CASCADE");
      drop_roles();
    } catch (const std::exception&) {  // the next one drops them
    }
  }

  void must(Phase phase, const planner::Migration& file, const std::string& release) {
    const auto outcome = rig.apply({file}, options_for(phase, release));
    INFO(text_of(outcome.error));
    REQUIRE(!outcome.error);
  }
  /// As release r1, up to switch.
  void exchange(const planner::Migration& file) {
    for (const auto phase : {Phase::expand, Phase::backfill, Phase::switch_}) {
      must(phase, file, "r1");
    }
  }

  Rig rig;

 private:
  static constexpr std::array kRoles = {"zdm_view_owner", "zdm_view_reader", "zdm_view_other"};
  void drop_roles() {
    for (const auto* role : kRoles) rig.exec(fmt::format("DROP ROLE IF EXISTS {}", role));
  }
};

/// What may stand on a view of either sort, `name` as SQL has it, and what may depend on it.
std::vector<std::string> on_it(const std::string& name, const std::string& sort) {
  const auto on = [&](const char* text) {
    return fmt::format(fmt::runtime(text), fmt::arg("v", name), fmt::arg("sort", sort));
  };
  return {on("COMMENT ON {sort} {v} IS 'it''s \\ a view'"),
          on("COMMENT ON COLUMN {v}.\"Amount\" IS 'an amount'"),
          on("ALTER {sort} {v} OWNER TO zdm_view_owner"),
          on("REVOKE TRUNCATE, TRIGGER ON {v} FROM zdm_view_owner"),
          on("GRANT SELECT ON {v} TO zdm_view_reader WITH GRANT OPTION"),
          on("GRANT SELECT (id), UPDATE (id, day) ON {v} TO PUBLIC"),
          "SET ROLE zdm_view_reader",
          on("GRANT SELECT ON {v} TO zdm_view_other"),
          "RESET ROLE",
          "ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT ON TABLES TO PUBLIC, zdm_view_other",
          "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT DELETE ON TABLES TO zdm_view_reader",
          fmt::format("CREATE VIEW over (a, b) WITH (security_barrier{}) AS "
                      "SELECT id, day FROM {} WHERE day > 1",
                      sort == "VIEW" ? ", check_option = local" : "", name),
          "GRANT SELECT (a) ON over TO zdm_view_reader",
          "COMMENT ON VIEW over IS 'a view'",
          "COMMENT ON COLUMN over.b IS 'a column'",
          "COMMENT ON RULE \"_RETURN\" ON over IS 'what it reads'",
          "COMMENT ON TYPE over IS 'its rows'",
          "ALTER VIEW over ALTER COLUMN a SET DEFAULT 7",
          "CREATE RULE over_insert AS ON INSERT TO over DO INSTEAD NOTHING",
          "COMMENT ON RULE over_insert ON over IS 'a rule'",
          "CREATE FUNCTION enter() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
          "CREATE TRIGGER over_update INSTEAD OF UPDATE ON over FOR EACH ROW "
          "EXECUTE FUNCTION enter()",
          "COMMENT ON TRIGGER over_update ON over IS 'a trigger'",
          "CREATE VIEW over_over AS SELECT a FROM over",
          on("CREATE FUNCTION in_sql() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER "
             "SET work_mem = '5MB' BEGIN ATOMIC SELECT count(*) FROM {v}; END"),
          "COMMENT ON FUNCTION in_sql() IS 'a function'",
          "REVOKE EXECUTE ON FUNCTION in_sql() FROM PUBLIC",
          "CREATE VIEW by_function AS SELECT in_sql() AS n",
          "CREATE TABLE guarded (id integer)",
          "ALTER TABLE guarded ENABLE ROW LEVEL SECURITY",
          on("CREATE POLICY by_view ON guarded FOR SELECT TO zdm_view_reader "
             "USING (id IN (SELECT id FROM {v}))"),
          "COMMENT ON POLICY by_view ON guarded IS 'a policy'",
          on("CREATE RULE counting AS ON INSERT TO guarded WHERE new.id < 0 DO ALSO "
             "SELECT count(*) FROM {v}"),
          "COMMENT ON RULE counting ON guarded IS 'another rule'",
          "ALTER TABLE guarded DISABLE RULE counting"};
}

/// "Kept", with all that a materialized view may have of its own.
std::vector<std::string> rich_matview() {
  std::vector<std::string> all = {
      fmt::format("CREATE MATERIALIZED VIEW \"Kept\" WITH (fillfactor = 70, "
                  "toast.autovacuum_enabled = false) AS {}",
                  kQuery),
      "CREATE UNIQUE INDEX \"Key\" ON \"Kept\" (id) INCLUDE (day)",
      "CREATE INDEX by_sum ON \"Kept\" ((day + 1), \"Amount\" DESC) WITH (fillfactor = 50) "
      "WHERE day > 2",
      "ALTER INDEX by_sum ALTER COLUMN 1 SET STATISTICS 77",
      "COMMENT ON INDEX by_sum IS 'an index'",
      "ALTER MATERIALIZED VIEW \"Kept\" CLUSTER ON \"Key\"",
      "ALTER MATERIALIZED VIEW \"Kept\" ALTER COLUMN \"Amount\" SET STORAGE EXTERNAL",
      "ALTER MATERIALIZED VIEW \"Kept\" ALTER COLUMN day SET STATISTICS 55",
      "ALTER MATERIALIZED VIEW \"Kept\" ALTER COLUMN day SET (n_distinct = -0.5)"};
  for (auto& each : on_it("\"Kept\"", "MATERIALIZED VIEW")) all.push_back(std::move(each));
  return all;
}

/// "Plain", with all that a plain view may have of its own.
std::vector<std::string> rich_view() {
  std::vector<std::string> all = {
      fmt::format("CREATE VIEW \"Plain\" WITH (security_barrier = true, check_option = cascaded) "
                  "AS {}",
                  kQuery)};
  for (auto& each : on_it("\"Plain\"", "VIEW")) all.push_back(std::move(each));
  for (const char* sql : {"ALTER VIEW \"Plain\" ALTER COLUMN day SET DEFAULT 3",
                          "CREATE RULE \"no end\" AS ON DELETE TO \"Plain\" DO INSTEAD NOTHING",
                          "COMMENT ON RULE \"no end\" ON \"Plain\" IS 'its own rule'",
                          "CREATE TRIGGER \"a way in\" INSTEAD OF INSERT ON \"Plain\" FOR EACH ROW "
                          "EXECUTE FUNCTION enter()",
                          "COMMENT ON TRIGGER \"a way in\" ON \"Plain\" IS 'its own trigger'"}) {
    all.emplace_back(sql);
  }
  return all;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a replaced view has all that the old one had, and so has what depends on it",
          "[live][execute]") {
  const bool kept = GENERATE(true, false);
  CAPTURE(kept);
  Scene scene(kept ? rich_matview() : rich_view());
  Rig& rig = scene.rig;
  const auto before = shape_of(*rig.database);
  const auto over = rig.value("SELECT 'over'::regclass::oid");
  const auto file =
      replacing(kept ? "replace_matview" : "replace_view", kept ? "\"Kept\"" : "\"Plain\"", kQuery);
  scene.exchange(file);
  SECTION("after contract") {
    rig.live("r1");
    scene.must(Phase::contract, file, "r2");
  }
  SECTION("after it was undone") {
    const auto outcome = rig.rollback({file}, {.to_none = true});
    INFO(text_of(outcome.error));
    REQUIRE(!outcome.error);
  }
  CHECK(difference(before, shape_of(*rig.database)) == "");
  CHECK(rig.value("SELECT 'over'::regclass::oid") == over);
  CHECK(rig.value("SELECT in_sql() || ' ' || n FROM by_function") == "100 100");
  CHECK(rig.value("SELECT count(*) FROM over_over") == "80");
}

TEST_CASE("what is granted, revoked and said between expand and switch is not lost",
          "[live][execute]") {
  const bool kept = GENERATE(true, false);
  CAPTURE(kept);
  Scene scene(kept ? rich_matview() : rich_view());
  Rig& rig = scene.rig;
  const std::string name = kept ? "\"Kept\"" : "\"Plain\"";
  const std::string sort = kept ? "MATERIALIZED VIEW" : "VIEW";
  const auto file = replacing(kept ? "replace_matview" : "replace_view", name, kQuery);
  scene.must(Phase::expand, file, "r1");
  for (const auto& sql : {fmt::format("REVOKE SELECT ON {} FROM zdm_view_reader CASCADE", name),
                          fmt::format("GRANT INSERT ON {} TO zdm_view_other", name),
                          fmt::format("GRANT UPDATE (day) ON {} TO zdm_view_reader", name),
                          fmt::format("COMMENT ON {} {} IS 'another one'", sort, name),
                          fmt::format("COMMENT ON COLUMN {}.id IS 'a number'", name),
                          fmt::format("CREATE VIEW late AS SELECT id FROM {}", name)}) {
    rig.exec(sql);
  }
  if (kept) rig.exec("ALTER MATERIALIZED VIEW \"Kept\" ALTER COLUMN id SET STATISTICS 33");
  const auto said = [&] {
    return rig.value(fmt::format(R"(
        SELECT string_agg(x.grantee::regrole::text || x.privilege_type, ' ' ORDER BY 1)
               || obj_description(c.oid, 'pg_class') || col_description(c.oid, 1)
               || (SELECT string_agg(attname || coalesce(attacl::text, '') || attstattarget, ' '
                                     ORDER BY attnum)
                     FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0)
          FROM pg_class c, aclexplode(relacl) x WHERE c.oid = '{}'::regclass GROUP BY c.oid)",
                                 name));
  };
  const auto before = said();
  scene.must(Phase::backfill, file, "r1");
  scene.must(Phase::switch_, file, "r1");
  CHECK(said() == before);
  CHECK(has(before, "zdm_view_otherINSERT"));
  CHECK(rig.value("SELECT count(*) FROM late") == "100");
}

TEST_CASE("what a new view cannot be given is named, and nothing is changed", "[live][execute]") {
  struct Uncarried {
    const char* setup;
    const char* named;
  };
  const auto [setup, named] = GENERATE(
      Uncarried{"INSERT INTO pg_seclabel VALUES ('{}'::regclass, 'pg_class'::regclass, 0, 'dummy', "
                "'secret')",
                "its security label by dummy"},
      Uncarried{"INSERT INTO pg_seclabel VALUES ('{}'::regclass, 'pg_class'::regclass, 2, 'dummy', "
                "'secret')",
                "the security label of its column day by dummy"},
      Uncarried{"COMMENT ON TYPE {} IS 'rows'", "the comment on its row type"},
      Uncarried{"GRANT USAGE ON TYPE {} TO zdm_view_reader", "the privileges on its row type"},
      Uncarried{"COMMENT ON RULE \"_RETURN\" ON {} IS 'rows'",
                "the comment on its rule \"_RETURN\""},
      Uncarried{"CREATE DOMAIN rows AS {}", "type rows, which uses its row type"});
  const bool kept = GENERATE(true, false);
  Scene scene({fmt::format("CREATE MATERIALIZED VIEW kept AS {}", kQuery),
               fmt::format("CREATE VIEW plain AS {}", kQuery)});
  Rig& rig = scene.rig;
  const std::string name = kept ? "kept" : "plain";
  rig.exec(fmt::format(fmt::runtime(setup), name));
  const auto outcome =
      rig.apply({replacing(kept ? "replace_matview" : "replace_view", name, kQuery)},
                options_for(Phase::expand, "r1"));
  REQUIRE(outcome.error);
  INFO(text_of(outcome.error));
  CHECK(outcome.error->code == ErrorCode::refused);
  CHECK(has(outcome.error->message, named));
  CHECK(!outcome.error->hint.empty());
  CHECK(rig.value("SELECT count(*) FROM pg_class WHERE relname LIKE '%zdm_new'") == "0");
}

TEST_CASE(
    "a chain of plain views and functions goes on to work when the view at its foot is "
    "replaced",
    "[live][execute]") {
  Scene scene({fmt::format("CREATE MATERIALIZED VIEW kept AS {}", kQuery),
               "CREATE UNIQUE INDEX kept_key ON kept (id)",
               "CREATE VIEW one AS SELECT id, day FROM kept",
               "CREATE FUNCTION of_day(which integer) RETURNS bigint LANGUAGE sql STABLE "
               "BEGIN ATOMIC SELECT count(*) FROM one JOIN kept USING (id) WHERE kept.day = which; "
               "END",
               "CREATE VIEW two AS SELECT DISTINCT day, of_day(day) AS orders FROM one",
               "CREATE VIEW three AS SELECT sum(orders) AS orders FROM two"});
  Rig& rig = scene.rig;
  const auto file =
      replacing("replace_matview", "kept", std::string(kQuery) + " WHERE day <= 4 AND id > 0");
  scene.exchange(file);
  CHECK(rig.value("SELECT of_day(4) || ' ' || of_day(5)") == "10 0");
  CHECK(rig.value("SELECT orders FROM three") == "50");
  rig.live("r1");
  scene.must(Phase::contract, file, "r2");
  rig.exec("INSERT INTO orders VALUES (1001, 4, 1)");
  rig.exec("REFRESH MATERIALIZED VIEW CONCURRENTLY kept");
  CHECK(rig.value("SELECT of_day(4) || ' ' || orders FROM three") == "11 51");
}

TEST_CASE(
    "no reader waits for long while a view is replaced that one of them reads for two seconds",
    "[live][execute][law8]") {
  Scene scene({"INSERT INTO orders SELECT i, i % 10, i FROM generate_series(101, 50000) i",
               fmt::format("CREATE MATERIALIZED VIEW kept AS {}", kQuery),
               "CREATE UNIQUE INDEX kept_key ON kept (id)", "CREATE INDEX ON kept (day, id)",
               "CREATE VIEW over AS SELECT id, day FROM kept", "ANALYZE"});
  Rig& rig = scene.rig;
  rig.locks.budget = std::chrono::seconds(60);  // gaps between the transactions are rare
  const auto file = replacing("replace_matview", "kept", std::string(kQuery) + " WHERE id > 0");
  scene.must(Phase::expand, file, "r1");
  scene.must(Phase::backfill, file, "r1");
  Crowd crowd(
      *rig.database, std::chrono::seconds(2),
      {.statements = {"SELECT day FROM kept WHERE id = 77", "SELECT day FROM over WHERE id = 78"},
       .held = "SELECT day FROM kept WHERE id = 79"});
  // The transaction that was begun just now is in the way of the exchange.
  const int held = crowd.held();
  REQUIRE(eventually([&] { return crowd.held() > held; }));
  const auto begun = std::chrono::steady_clock::now();
  scene.must(Phase::switch_, file, "r1");
  const auto took = std::chrono::steady_clock::now() - begun;
  const auto felt = crowd.stop();
  INFO(felt.longest_wait);
  for (const auto& failure : felt.failures) FAIL_CHECK(failure);
  CHECK(took > std::chrono::seconds(1));
  CHECK(felt.statements > 20);
  CHECK(felt.longest_wait_ms < 100);
  WARN("readers waited " << felt.longest_wait_ms << " ms at most, their answers took "
                         << felt.longest_answer_ms << " ms");
}
