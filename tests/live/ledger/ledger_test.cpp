#include "ledger/ledger.hpp"

#include <atomic>
#include <thread>

#include "ledger/model_json.hpp"
#include "ledger/schema.hpp"
#include "support/catch.hpp"
#include "support/database.hpp"

namespace zdm::migrations {
namespace {

using planner::ForgetColumn;
using planner::RecordColumn;
using planner::RecordName;
using planner::Step;
using planner::SyncAction;
using planner::SyncRule;
using tests::make_database;

const MigrationId kId{"0007_users_full_name"};

/// A database with a ledger and the table users, on one engine.
struct Fixture {
  explicit Fixture(Engine engine) : database(make_database(engine)) {
    connection = database->connect();
    REQUIRE(ledger.ensure(*connection));
    REQUIRE(ledger.put_migration(*connection, {.id = kId, .checksum = "sha256:a"}));
    database->exec("CREATE TABLE users (id integer PRIMARY KEY, gone text, name text)");
  }
  [[nodiscard]] bool postgres() const { return connection->engine() == Engine::postgresql; }
  [[nodiscard]] planner::TableName users() const { return {postgres() ? "public" : "", "users"}; }
  [[nodiscard]] std::string name(std::string_view table_name) const {
    return table(connection->engine(), table_name);
  }

  std::unique_ptr<tests::Database> database;
  std::unique_ptr<Connection> connection;
  Ledger ledger{"", "0.1.0"};
};

Step step(std::string id) {
  Step made;
  made.id = std::move(id);
  made.sql = {"ALTER TABLE users ADD COLUMN full_name text"};
  made.locks = {{"public.users", planner::LockMode::access_exclusive}};
  made.action = planner::BackfillAction{.table = {"public", "users"}};
  made.effects = {planner::PutColumn{{"public", "users"}, {.name = "full_name"}}};
  return made;
}

std::int64_t start(Fixture& with, Direction direction, const std::string& release,
                   const std::vector<Step>& steps = {}) {
  auto run = with.ledger.start_run(*with.connection, kId, Phase::expand, direction, release,
                                   "deploy", "db1", steps);
  REQUIRE(run);
  return *run;
}

SyncRule rule(const MigrationId& id, std::size_t change) {
  return {.migration = id,
          .change = change,
          .old_side = {{.name = "name"}},
          .new_side = {{.name = "full_name"}},
          .forward = {{.column = "full_name", .expression = "name", .reads = {"name"}}}};
}

}  // namespace

TEST_CASE("a ledger is made at first use, and made once", "[live][ledger]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  const auto database = make_database(engine);
  const auto connection = database->connect();
  const Ledger ledger("", "0.1.0");
  CHECK(ledger.exists(*connection).value() == false);
  REQUIRE(ledger.ensure(*connection));
  REQUIRE(ledger.ensure(*connection));
  CHECK(ledger.exists(*connection).value());
  CHECK(database->value("SELECT zdm_version FROM " + table(engine, "meta")) == "0.1.0");
  CHECK(ledger.migrations(*connection).value().empty());
  CHECK(ledger.releases(*connection).value().empty());
}

TEST_CASE("a ledger that is made within a transaction goes with it", "[live][ledger]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  const auto database = make_database(engine);
  const auto connection = database->connect();
  const Ledger ledger("", "0.1.0");
  {
    auto transaction = Transaction::begin(*connection);
    REQUIRE(transaction);
    REQUIRE(ledger.ensure(*connection));
  }
  CHECK(ledger.exists(*connection).value() == false);
}

TEST_CASE("a ledger that several make at once is made once", "[live][ledger]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  const auto database = make_database(engine);
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < 4; ++i) {
    connections.push_back(database->connect({.lock_timeout = std::chrono::seconds(10)}));
  }
  std::atomic<int> made = 0;
  {
    std::vector<std::jthread> threads;
    for (const auto& connection : connections) {
      threads.emplace_back(
          [&] { made += Ledger("", "0.1.0").ensure(*connection).has_value() ? 1 : 0; });
    }
  }
  CHECK(made == 4);
  CHECK(database->value("SELECT count(*) FROM " + table(engine, "meta")) == "1");
}

TEST_CASE("every table and the schema explain themselves on PostgreSQL", "[live][ledger]") {
  Fixture with(Engine::postgresql);
  CHECK(with.database->value(R"(SELECT count(*) FROM pg_class c
                                 WHERE relnamespace = 'zdm'::regnamespace AND relkind = 'r'
                                   AND obj_description(oid, 'pg_class') IS NULL)") == "0");
}

TEST_CASE("an older ledger is upgraded in place and keeps its rows", "[live][ledger]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  Fixture with(engine);
  const std::string statement = "ALTER TABLE " + with.name("release") + " ADD COLUMN extra text";
  const auto first = engine == Engine::postgresql ? postgres_upgrades() : sqlite_upgrades();
  std::vector<Upgrade> upgrades(first.begin(), first.end());
  upgrades.push_back({upgrades.back().version + 1, {statement}});
  REQUIRE(with.ledger.put_release(*with.connection, "2026.48"));

  REQUIRE(upgrade_ledger(*with.connection, upgrades, "0.9.0"));
  CHECK(with.database->value("SELECT extra FROM " + with.name("release")) == "NULL");
  CHECK(with.database->value("SELECT count(*) FROM " + with.name("meta")) == "1");

  SECTION("and then the older zdm says which one is needed") {
    const auto refused = with.ledger.ensure(*with.connection);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::drift);
    CHECK(refused.error().hint.find("0.9.0") != std::string::npos);
    CHECK(with.ledger.exists(*with.connection).error().code == ErrorCode::drift);
  }
}

TEST_CASE("an upgrade that fails leaves the ledger as it was", "[live][ledger]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  Fixture with(engine);
  const auto first = engine == Engine::postgresql ? postgres_upgrades() : sqlite_upgrades();
  std::vector<Upgrade> upgrades(first.begin(), first.end());
  const std::string drop = "DROP TABLE " + with.name("fresh_build");
  upgrades.push_back({upgrades.back().version + 1, {drop, "SELECT nonsense FROM nowhere"}});
  REQUIRE_FALSE(upgrade_ledger(*with.connection, upgrades, "0.9.0"));
  CHECK(with.ledger.exists(*with.connection).value());
  CHECK(with.database->value("SELECT count(*) FROM " + with.name("fresh_build")) == "0");
}

TEST_CASE("migrations keep their hold when their checksum is written anew", "[live][ledger]") {
  Fixture with(GENERATE(Engine::postgresql, Engine::sqlite));
  REQUIRE(with.ledger.set_held(*with.connection, kId, "rolled back"));
  REQUIRE(with.ledger.put_migration(
      *with.connection, {.id = kId, .checksum = "sha256:b", .expressions_checksum = "sha256:c"}));
  const auto rows = with.ledger.migrations(*with.connection).value();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].id == kId);
  CHECK(rows[0].checksum == "sha256:b");
  CHECK(rows[0].expressions_checksum == "sha256:c");
  CHECK(rows[0].held == "rolled back");
  REQUIRE(with.ledger.set_held(*with.connection, kId, std::nullopt));
  CHECK_FALSE(with.ledger.migrations(*with.connection).value()[0].held);
}

TEST_CASE("stored steps come back as they were planned, with how they went", "[live][ledger]") {
  Fixture with(GENERATE(Engine::postgresql, Engine::sqlite));
  const std::vector<Step> planned = {step("expand.1"), step("expand.2"), step("expand.3")};
  const std::int64_t run = start(with, Direction::forward, "R1", planned);
  REQUIRE(with.ledger.step_started(*with.connection, run, 0));
  REQUIRE(with.ledger.step_done(*with.connection, run, 0, 12, 34));
  REQUIRE(with.ledger.step_started(*with.connection, run, 1));
  REQUIRE(with.ledger.step_failed(*with.connection, run, 1, "it's \"full\""));
  REQUIRE(with.ledger.step_started(*with.connection, run, 1));
  REQUIRE(with.ledger.step_failed(*with.connection, run, 1, "it's \"full\""));
  Step other = planned[2];
  other.sql = {"SELECT 'recomposed'"};
  REQUIRE(with.ledger.replace_step(*with.connection, run, 2, other));

  const auto rows = with.ledger.steps(*with.connection, run).value();
  REQUIRE(rows.size() == 3);
  CHECK(step_json(rows[0].step) == step_json(planned[0]));
  CHECK(rows[0].state == "done");
  CHECK(rows[0].duration_ms == 12);
  CHECK(rows[0].rows == 34);
  CHECK(rows[1].state == "failed");
  CHECK(rows[1].attempts == 2);
  CHECK(rows[1].error == "it's \"full\"");
  CHECK(rows[1].ordinal == 1);
  CHECK(rows[2].state == "pending");
  CHECK(step_json(rows[2].step) == step_json(other));
  CHECK_FALSE(with.ledger.step_done(*with.connection, run, 9, 0, 0));
}

TEST_CASE("a phase knows its state, direction, release and latest run", "[live][ledger]") {
  Fixture with(GENERATE(Engine::postgresql, Engine::sqlite));
  const std::int64_t first = start(with, Direction::forward, "R1");
  const auto phase = [&] {
    const auto rows = with.ledger.phases(*with.connection);
    REQUIRE(rows);
    REQUIRE(rows->size() == 1);
    return rows->front();
  };
  CHECK(phase().state == PhaseState::running);
  CHECK(phase().run == first);
  CHECK_FALSE(with.ledger.progress(*with.connection, kId).value().done);

  REQUIRE(with.ledger.finish_run(*with.connection, first, PhaseState::done, ""));
  CHECK(phase().state == PhaseState::done);
  CHECK(phase().release == "R1");
  const auto age = std::chrono::system_clock::now() - phase().finished;
  CHECK(std::chrono::abs(age) < std::chrono::minutes(1));
  CHECK(with.ledger.progress(*with.connection, kId).value().done == Phase::expand);

  const std::int64_t undo = start(with, Direction::undo, "R2");
  CHECK(phase().direction == Direction::undo);
  CHECK(phase().release == "R1");
  REQUIRE(with.ledger.finish_run(*with.connection, undo, PhaseState::failed, "no"));
  CHECK(phase().state == PhaseState::failed);
  CHECK(phase().error == "no");
  REQUIRE(with.ledger.finish_run(*with.connection, undo, PhaseState::undone, ""));
  CHECK(phase().state == PhaseState::undone);
  CHECK_FALSE(with.ledger.progress(*with.connection, kId).value().done);

  start(with, Direction::forward, "");
  CHECK(phase().release.empty());
}

TEST_CASE("recorded columns are followed through renames", "[live][ledger]") {
  Fixture with(GENERATE(Engine::postgresql, Engine::sqlite));
  const auto put = [&](const planner::Record& record) {
    return with.ledger.record(*with.connection, kId, record);
  };
  REQUIRE(put(RecordColumn{0, "old", with.users(), "name"}));
  REQUIRE(put(RecordColumn{1, "new", with.users(), "gone"}));
  REQUIRE(put(RecordName{0, "twin:users_name_idx", with.users(), "users_full_name_idx"}));
  REQUIRE(put(ForgetColumn{1, "new"}));
  const auto missing = put(RecordColumn{0, "other", with.users(), "nowhere"});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::drift);
  CHECK_FALSE(put(RecordColumn{0, "other", {"", "nowhere"}, "name"}));

  if (with.postgres()) {
    with.database->exec("ALTER TABLE users RENAME TO people");
    with.database->exec("ALTER TABLE people RENAME COLUMN name TO called");
  }
  with.database->exec(with.postgres() ? "ALTER TABLE people DROP COLUMN gone"
                                      : "ALTER TABLE users DROP COLUMN gone");
  const auto progress = with.ledger.progress(*with.connection, kId).value();
  REQUIRE(progress.columns.size() == 2);
  const auto* old = progress.column(0, "old");
  REQUIRE(old != nullptr);
  CHECK(old->table.name == (with.postgres() ? "people" : "users"));
  CHECK(old->name == (with.postgres() ? "called" : "name"));
  CHECK(old->attnum == (with.postgres() ? 3 : 2));
  CHECK((old->table_oid != 0) == with.postgres());
  const auto* twin = progress.column(0, "twin:users_name_idx");
  REQUIRE(twin != nullptr);
  CHECK(twin->attnum == 0);
  CHECK(twin->name == "users_full_name_idx");
}

TEST_CASE("a table as it was before comes back as it was", "[live][ledger]") {
  Fixture with(GENERATE(Engine::postgresql, Engine::sqlite));
  planner::Table before{.oid = with.postgres() ? 4711U : 0U, .name = with.users()};
  before.columns = {{.name = "name", .attnum = 1, .type = "text", .not_null = true}};
  REQUIRE(with.ledger.put_table_before(*with.connection, kId, before));
  before.comment = "again";
  REQUIRE(with.ledger.put_table_before(*with.connection, kId, before));
  const auto progress = with.ledger.progress(*with.connection, kId).value();
  REQUIRE(progress.before.size() == 1);
  CHECK(table_json(progress.before[0]) == table_json(before));
}

TEST_CASE("rules of every migration on a table are known to each of them", "[live][ledger]") {
  Fixture with(GENERATE(Engine::postgresql, Engine::sqlite));
  Connection& connection = *with.connection;
  const MigrationId other{"0003_other"};
  CHECK(with.ledger.table_rules(connection, with.users()).value().generation == 0);

  SyncAction enter{.table = with.users(), .enter = {rule(kId, 0), rule(kId, 1)}};
  CHECK(with.ledger.change_rules(connection, kId, enter).value() == 1);
  SyncAction theirs{.table = {"", "users"}, .enter = {rule(other, 0)}};
  CHECK(with.ledger.change_rules(connection, other, theirs).value() == 2);
  CHECK(with.ledger.change_rules(connection, kId, enter).value() == 3);  // entering again

  const auto all = with.ledger.table_rules(connection, with.users()).value();
  CHECK(all.generation == 3);
  CHECK(all.table == with.users());
  REQUIRE(all.rules.size() == 3);
  CHECK(all.rules[0].migration == other);
  CHECK(all.rules[1].migration == kId);
  CHECK(all.rules[2].change == 1);
  CHECK(with.ledger.progress(connection, {"0099_new"}).value().tables.size() == 1);

  SyncAction leave{.table = with.users(), .leave = {0, 1}};
  CHECK(with.ledger.change_rules(connection, kId, leave).value() == 4);
  CHECK(with.ledger.table_rules(connection, with.users()).value().rules.size() == 1);

  SECTION("also when the table was dropped in the same transaction") {
    with.database->exec("DROP TABLE users");
    SyncAction last{.table = with.users(), .leave = {0}};
    CHECK(with.ledger.change_rules(connection, other, last).value() == 5);
    CHECK(with.ledger.table_rules(connection, with.users()).value().rules.empty());
    CHECK_FALSE(with.ledger.change_rules(connection, other,
                                         {.table = {"", "nowhere"}, .enter = {rule(other, 0)}}));
  }
  SECTION("and go with it when it is renamed") {
    with.database->exec("ALTER TABLE users RENAME TO people");
    const planner::TableName people{with.users().schema, "people"};
    REQUIRE(with.ledger.follow_rename(connection, with.users(), people));
    CHECK(with.ledger.table_rules(connection, people).value().rules.size() == 1);
    CHECK(with.ledger.table_rules(connection, people).value().generation == 4);
  }
}

TEST_CASE("releases keep the order of their first apply, and one is live", "[live][ledger]") {
  Fixture with(GENERATE(Engine::postgresql, Engine::sqlite));
  Connection& connection = *with.connection;
  for (const char* release : {"2026.9", "2026.10", "2026.9", "", "2026.11"}) {
    REQUIRE(with.ledger.put_release(connection, release));
  }
  REQUIRE(with.ledger.set_live(connection, "2026.9"));
  REQUIRE(with.ledger.set_live(connection, "2026.10"));
  REQUIRE(with.ledger.set_live(connection, "2026.12"));
  REQUIRE(with.ledger.set_live(connection, "2026.10"));
  const auto rows = with.ledger.releases(connection).value();
  REQUIRE(rows.size() == 4);
  CHECK(rows[0].release == "2026.9");
  CHECK(rows[1].release == "2026.10");
  CHECK(rows[2].release == "2026.11");
  CHECK(rows[3].release == "2026.12");
  CHECK_FALSE(rows[0].live);
  CHECK(rows[1].live);
  CHECK_FALSE(rows[3].live);
  REQUIRE(with.ledger.put_fresh_build(connection, ""));
  CHECK(with.database->value("SELECT release FROM " + with.name("fresh_build")) == "NULL");
}

TEST_CASE("targets do not see each other", "[live][ledger]") {
  Fixture with(GENERATE(Engine::postgresql, Engine::sqlite));
  const Ledger tenant("tenant_a", "0.1.0");
  CHECK(tenant.migrations(*with.connection).value().empty());
  REQUIRE(tenant.put_release(*with.connection, "R1"));
  CHECK(with.ledger.releases(*with.connection).value().empty());
  SyncAction enter{.table = with.users(), .enter = {rule(kId, 0)}};
  REQUIRE(with.ledger.change_rules(*with.connection, kId, enter));
  CHECK(tenant.table_rules(*with.connection, with.users()).value().rules.empty());
}

}  // namespace zdm::migrations
