// Rows that cannot be filled, roles that may not, triggers in the way, others who hold something.
#include <fmt/format.h>

#include <algorithm>

#include "bed.hpp"
#include "support/catch.hpp"

using namespace zdm;
using namespace zdm::tests;
using migrations::ErrorCode;
using planner::UserTriggers;

namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

bool was_told(const Bed& bed, std::string_view reason) {
  return std::any_of(bed.told.begin(), bed.told.end(),
                     [&](const auto& progress) { return contains(progress.throttled, reason); });
}

/// numbers(id, name, full_name) whose names are numbers but for that of row 4711.
void make_numbers(Bed& bed, const std::string& key) {
  bed.db().exec(fmt::format(R"sql(
    CREATE TABLE numbers (id bigint {}, name text, full_name text);
    INSERT INTO numbers (id, name) SELECT i, CASE i WHEN 4711 THEN 'x' ELSE i::text END
    FROM generate_series(1, 10000) i)sql",
                            key));
  bed.guard("numbers", "(name::int + 1)::text");
}

/// Connections that act as `role`.
migrations::Opener as(Bed& bed, const std::string& role) {
  return [&bed, role]() -> migrations::Result<std::unique_ptr<migrations::Connection>> {
    auto connection = bed.db().connect();
    ZDM_CHECK(connection->run("SET ROLE " + role));
    return connection;
  };
}

/// A role that owns users and may do in the ledger what zdm does.
std::string make_owner(Bed& bed) {
  std::string role = "owner_" + bed.value("SELECT current_database()");
  bed.db().exec(fmt::format(R"sql(
    DROP ROLE IF EXISTS {0}; CREATE ROLE {0};
    GRANT USAGE ON SCHEMA zdm TO {0}; GRANT ALL ON ALL TABLES IN SCHEMA zdm TO {0};
    ALTER TABLE users OWNER TO {0}; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA zdm TO {0})sql",
                            role));
  return role;
}

void drop_owner(Bed& bed, const std::string& role) {
  bed.db().exec(
      fmt::format("REASSIGN OWNED BY {0} TO postgres; DROP OWNED BY {0}; DROP ROLE {0}", role));
}

}  // namespace

TEST_CASE("a row that cannot be converted stops the backfill, is named, and loses nothing",
          "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  std::string named = "id=4711";
  std::string key;
  SECTION("by its primary key") {
    key = "PRIMARY KEY";
  }
  SECTION("by another unique key that is never NULL") {
    key = "UNIQUE NOT NULL";
  }
  SECTION("by its place, where there is no key") {
    named = "ctid=(";
  }
  make_numbers(bed, key);
  bed.request.tuning.stripes = 4;
  const auto rows = bed.run();
  REQUIRE_FALSE(rows);
  INFO(rows.error().message);
  CHECK(rows.error().code == ErrorCode::failed);
  CHECK(rows.error().sqlstate == "22P02");
  CHECK(contains(rows.error().message, named));
  CHECK(contains(rows.error().message, "full_name"));
  CHECK(contains(rows.error().message, "public.numbers"));
  CHECK(contains(rows.error().message, "invalid input syntax"));
  const int filled = std::stoi(bed.value("SELECT count(full_name) FROM numbers"));
  CHECK(filled > 1'000);

  bed.db().exec("UPDATE numbers SET name = '0' WHERE id = 4711");
  const auto again = bed.run();
  REQUIRE(again);
  CHECK(bed.wrong() == "0");
}

TEST_CASE("a row that breaks a constraint is named", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(5'000);
  bed.db().exec("ALTER TABLE users ADD CHECK (full_name <> 'NAME 4711')");
  const auto rows = bed.run();
  REQUIRE_FALSE(rows);
  CHECK(rows.error().code == ErrorCode::failed);
  CHECK(rows.error().sqlstate == "23514");
  CHECK(contains(rows.error().message, "id=4711"));
}

TEST_CASE("rows hidden by row security are an error, not done", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(3'000);
  const std::string role = make_owner(bed);
  bed.db().exec(
      "ALTER TABLE users ENABLE ROW LEVEL SECURITY; ALTER TABLE users FORCE ROW LEVEL SECURITY;"
      "CREATE POLICY few ON users USING (id < 10)");
  const auto rows = bed.run(as(bed, role));
  const std::string filled = bed.value("SELECT count(full_name) FROM users");
  drop_owner(bed, role);
  REQUIRE_FALSE(rows);
  CHECK(rows.error().code == ErrorCode::failed);
  CHECK(contains(rows.error().message, "row security hides rows of public.users"));
  CHECK(filled == "0");
}

TEST_CASE("the owner of a table is role enough", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(3'000);
  const std::string role = make_owner(bed);
  const auto rows = bed.run(as(bed, role));
  drop_owner(bed, role);
  REQUIRE(rows);
  CHECK(bed.wrong() == "0");
}

TEST_CASE("triggers of the user's are refused, fired or skipped, as the change says",
          "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(3'000);
  bed.audit();
  SECTION("refused, with their names") {
    bed.request.action.user_triggers = UserTriggers::refuse;
    const auto rows = bed.run();
    REQUIRE_FALSE(rows);
    CHECK(rows.error().code == ErrorCode::refused);
    CHECK(contains(rows.error().message, "users: audit"));
    CHECK(bed.value("SELECT count(full_name) FROM users") == "0");
  }
  SECTION("fired") {
    REQUIRE(bed.run());
    CHECK(bed.each_once(3'000));
  }
  SECTION("skipped") {
    bed.request.action.user_triggers = UserTriggers::skip;
    REQUIRE(bed.run());
    CHECK(bed.value("SELECT count(*) FROM audit") == "0");
    CHECK(bed.wrong() == "0");
  }
  SECTION("skipped by a role that may not") {
    const std::string role = make_owner(bed);
    bed.request.action.user_triggers = UserTriggers::skip;
    const auto rows = bed.run(as(bed, role));
    drop_owner(bed, role);
    REQUIRE_FALSE(rows);
    CHECK(contains(rows.error().message, "session_replication_role"));
  }
}

TEST_CASE("rules that rewrite an UPDATE are refused or passed by", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(3'000);
  bed.db().exec(
      "CREATE TABLE seen (id bigint); "
      "CREATE RULE copy AS ON UPDATE TO users DO ALSO INSERT INTO seen VALUES (new.id)");
  for (const auto chosen : {UserTriggers::refuse, UserTriggers::fire}) {
    bed.request.action.user_triggers = chosen;
    const auto rows = bed.run();
    REQUIRE_FALSE(rows);
    CHECK(rows.error().code == ErrorCode::refused);
    CHECK(contains(rows.error().message, "users: copy"));
    CHECK(bed.value("SELECT count(full_name) FROM users") == "0");
  }
  bed.request.action.user_triggers = UserTriggers::skip;
  SECTION("passed by") {
    REQUIRE(bed.run());
    CHECK(bed.value("SELECT count(*) FROM seen") == "0");
    CHECK(bed.wrong() == "0");
  }
  SECTION("not where it is always enabled") {
    bed.db().exec("ALTER TABLE users ENABLE ALWAYS RULE copy");
    const auto rows = bed.run();
    REQUIRE_FALSE(rows);
    CHECK(contains(rows.error().message, "users: copy"));
  }
}

TEST_CASE("a trigger that does not listen to the new column is no hindrance", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(3'000);
  bed.audit();
  bed.db().exec(
      "DROP TRIGGER audit ON users; "
      "CREATE TRIGGER audit AFTER UPDATE OF name ON users FOR EACH ROW EXECUTE FUNCTION audit()");
  bed.request.action.user_triggers = UserTriggers::refuse;
  REQUIRE(bed.run());
  CHECK(bed.value("SELECT count(*) FROM audit") == "0");
}

TEST_CASE("a trigger that suppresses updates ends the backfill with an error", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(3'000);
  bed.db().exec(
      "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
      "CREATE TRIGGER a_nothing BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION nothing()");
  bed.request.action.user_triggers = UserTriggers::fire;
  const auto rows = bed.run();
  REQUIRE_FALSE(rows);
  CHECK(rows.error().code == ErrorCode::failed);
  CHECK(contains(rows.error().message, "are not changed by an UPDATE"));
}

TEST_CASE("a row locked by somebody is waited for, and said", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(3'000);
  const auto other = bed.db().connect();
  REQUIRE(other->run("BEGIN; UPDATE users SET name = 'held' WHERE id = 1500"));
  bed.on_progress = [&](const auto& progress) {
    if (contains(progress.throttled, "55P03") && other->in_transaction())
      REQUIRE(other->run("COMMIT"));
  };
  REQUIRE(bed.run());
  CHECK(was_told(bed, "a row is locked"));
  CHECK(bed.wrong() == "0");
}

TEST_CASE("a block whose rows need more than the timeout gets more time", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.db().exec(
      "CREATE FUNCTION slow(text) RETURNS text LANGUAGE sql IMMUTABLE AS "
      "'SELECT upper($1) FROM pg_sleep(0.15)'");
  bed.make_users(8, "public.slow(name)");
  REQUIRE(bed.run());
  CHECK(was_told(bed, "57014"));
  CHECK(bed.value("SELECT count(full_name) FROM users") == "8");
}

TEST_CASE("while an old snapshot keeps pages from being pruned, each block is visited once",
          "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  if (!bed.is_striped()) return;
  bed.make_users(60'000);
  // However slow the machine and long the batches: enough of them to be measured.
  bed.request.tuning.window = 16;
  bed.request.tuning.first_batch = 8;
  bed.request.batch_target = std::chrono::milliseconds(2);
  const auto other = bed.db().connect();
  REQUIRE(other->run(
      "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM users; SELECT pg_sleep(1.1)"));
  REQUIRE(bed.run());
  CHECK(was_told(bed, "holds an old snapshot"));
  CHECK(bed.value("SELECT min(stripes) FROM zdm.backfill_window") == "1");
  CHECK(bed.wrong() == "0");
}

TEST_CASE("a table that is gone is drift", "[live][backfill]") {
  Bed bed(std::make_unique<TestDatabase>());
  bed.make_users(10);
  bed.db().exec("DROP TABLE users");
  const auto rows = bed.run();
  REQUIRE_FALSE(rows);
  CHECK(rows.error().code == ErrorCode::drift);
  CHECK(contains(rows.error().message, "public.users does not exist"));
}
