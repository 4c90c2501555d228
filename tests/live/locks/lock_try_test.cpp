#include "locks/lock_try.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include "locks/lock_modes.hpp"
#include "locks/lock_view.hpp"
#include "support/catch.hpp"
#include "support/database.hpp"
#include "support/wait.hpp"

namespace zdm::migrations {
namespace {

using namespace std::chrono_literals;
using planner::Blocker;
using planner::LockClaim;
using planner::LockMode;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using tests::Database;
using tests::eventually;
using tests::TestDatabase;

const std::vector<LockClaim> kAlter = {{"public.users", LockMode::access_exclusive}};

milliseconds since(Clock::time_point start) {
  return std::chrono::duration_cast<milliseconds>(Clock::now() - start);
}

/// A table, a work and a control connection.
struct Fixture {
  Fixture() {
    database.exec("CREATE TABLE users (id int PRIMARY KEY, name text)");
    database.exec("INSERT INTO users SELECT i, 'x' FROM generate_series(1, 100) i");
    work = database.connect();
    control = database.connect();
  }

  /// A connection of some application, in a transaction that has read users.
  [[nodiscard]] std::unique_ptr<Connection> reader(const std::string& application) const {
    auto connection = database.connect({.lock_timeout = 0ms});
    REQUIRE(connection->run("SELECT set_config('application_name', $1, false)", {application}));
    REQUIRE(connection->run("BEGIN"));
    REQUIRE(connection->run("SELECT count(*) FROM users"));
    return connection;
  }

  Result<void> alter(milliseconds lock_timeout) {
    ++attempts;
    longest = std::max(longest, lock_timeout);
    ZDM_TRY(auto transaction, Transaction::begin(*work));
    ZDM_CHECK(work->run("SELECT set_config('lock_timeout', $1, true)",
                        {std::to_string(lock_timeout.count()) + "ms"}));
    ZDM_CHECK(work->run("ALTER TABLE users ADD COLUMN full_name text"));
    return transaction.commit();
  }

  Result<void> run(milliseconds budget, Connection* other_control = nullptr) {
    return with_locks(
        other_control != nullptr ? *other_control : *control, host,
        {.timeout = 500ms, .budget = budget}, kAlter, stop.get_token(),
        [this](milliseconds timeout) { return alter(timeout); },
        [this](const std::vector<Blocker>& blockers) {
          told.push_back(blockers);
          ++tellings;
        });
  }

  TestDatabase database;
  RealHost host;
  std::stop_source stop;
  std::unique_ptr<Connection> work;
  std::unique_ptr<Connection> control;
  std::atomic<int> attempts = 0;
  milliseconds longest{0};
  std::vector<std::vector<Blocker>> told;
  std::atomic<int> tellings = 0;
};

/// Whether this backend waits for a lock.
bool waits(Database& database, const Connection& connection) {
  return database.value("SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND pid = " +
                        std::to_string(connection.backend_pid())) == "t";
}

/// Long enough for a transaction to count as one that will not end soon (lock_try.hpp).
void grow_old() {
  std::this_thread::sleep_for(500ms);
}

/// Updates rows until told to stop; the longest one took.
std::future<milliseconds> application(const TestDatabase& database, const std::atomic<bool>& done) {
  return std::async(std::launch::async, [&] {
    const auto connection = database.connect({.lock_timeout = 0ms});
    milliseconds longest{0};
    while (!done) {
      const auto start = Clock::now();
      if (!connection->run("UPDATE users SET name = name || 'y' WHERE id = 1")) {
        return milliseconds(99'999);
      }
      longest = std::max(longest, since(start));
      std::this_thread::sleep_for(5ms);
    }
    return longest;
  });
}

}  // namespace

TEST_CASE("behind a long transaction nobody waits for us, and the lock comes once it ends",
          "[live][locks][law8]") {
  Fixture with;
  auto report = with.reader("nightly-report");
  grow_old();
  std::atomic<bool> done = false;
  auto slowest = application(with.database, done);
  auto altering = std::async(std::launch::async, [&] { return with.run(5min); });
  CHECK(eventually([&] { return with.tellings >= 2; }));
  CHECK(with.attempts == 0);  // no request of ours, so nobody is behind it
  REQUIRE(report->run("COMMIT"));
  REQUIRE(altering.get());
  done = true;
  CHECK(slowest.get() < 1min);
  REQUIRE(with.told.size() >= 2);
  REQUIRE_FALSE(with.told[0].empty());
  CHECK(with.told[0][0].application == "nightly-report");
  CHECK(with.told[0][0].state == "idle in transaction");
  CHECK(with.told[0][0].query == "SELECT count(*) FROM users");
  CHECK(with.told[0][0].age_ms >= 400);
}

TEST_CASE("through short transactions that always overlap the lock comes", "[live][locks][law8]") {
  Fixture with;
  std::atomic<bool> done = false;
  std::vector<std::jthread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&, i] {
      const auto connection = with.database.connect({.lock_timeout = 0ms});
      std::this_thread::sleep_for(milliseconds(8 * i));
      while (!done) {
        static_cast<void>(connection->run("BEGIN"));
        static_cast<void>(connection->run("SELECT count(*) FROM users"));
        static_cast<void>(connection->run("SELECT pg_sleep(0.03)"));
        static_cast<void>(connection->run("COMMIT"));
      }
    });
  }
  std::this_thread::sleep_for(200ms);
  const auto result = with.run(5min);
  done = true;
  CHECK(result);
  CHECK(with.longest >= 50ms);
  CHECK(with.longest <= 500ms);
}

TEST_CASE("when the budget is spent nothing has changed and the root of the chain is named",
          "[live][locks][law8]") {
  Fixture with;
  auto report = with.reader("nightly-report");
  auto other = with.database.connect({.lock_timeout = 0ms});
  REQUIRE(other->run("SET application_name = 'other-tool'"));
  auto queued = std::async(std::launch::async,
                           [&] { return other->run("ALTER TABLE users ADD COLUMN other text"); });
  REQUIRE(eventually([&] { return waits(with.database, *other); }));
  grow_old();
  const auto result = with.run(1500ms);
  REQUIRE_FALSE(result);
  const Error& error = result.error();
  CHECK(error.code == ErrorCode::busy);
  CHECK(with.attempts == 0);
  REQUIRE(error.blockers.size() == 2);
  CHECK(error.blockers[0].application == "nightly-report");
  CHECK(error.blockers[0].pid == report->backend_pid());
  CHECK(error.blockers[1].application == "other-tool");
  CHECK(error.message.find("ACCESS EXCLUSIVE on public.users") != std::string::npos);
  CHECK(error.message.find("nightly-report, idle in transaction for") != std::string::npos);
  REQUIRE(report->run("COMMIT"));
  REQUIRE(queued.get());
  CHECK(with.database.value("SELECT count(*) FROM information_schema.columns "
                            "WHERE table_name = 'users' AND column_name = 'full_name'") == "0");
}

TEST_CASE("a transaction that waits elsewhere is followed to whom it waits for",
          "[live][locks][law8]") {
  Fixture with;
  with.database.exec("CREATE TABLE other (x int)");
  auto root = with.database.connect({.lock_timeout = 0ms});
  REQUIRE(root->run("SET application_name = 'root'"));
  REQUIRE(root->run("BEGIN"));
  REQUIRE(root->run("LOCK TABLE other"));
  auto middle = with.reader("middle");
  auto reading = std::async(std::launch::async, [&] { return middle->run("SELECT * FROM other"); });
  REQUIRE(eventually([&] { return waits(with.database, *middle); }));
  const auto blockers = blockers_of(*with.control, kAlter).value();
  REQUIRE(blockers.size() == 2);
  CHECK(blockers[0].application == "root");
  CHECK(blockers[1].application == "middle");
  REQUIRE(root->run("COMMIT"));
  REQUIRE(reading.get());
}

TEST_CASE("deadlocks and serialization failures are tried again, other errors are not",
          "[live][locks][law14]") {
  Fixture with;
  int tries = 0;
  std::string sqlstate = GENERATE("40P01", "40001", "55P03");
  const auto fails_twice = [&](milliseconds) -> Result<void> {
    ZDM_CHECK(with.work->run("DO $$ BEGIN IF " + std::to_string(++tries) +
                             " < 3 THEN RAISE SQLSTATE '" + sqlstate + "'; END IF; END $$"));
    return {};
  };
  const auto run = [&] {
    return with_locks(*with.control, with.host, {}, kAlter, {}, fails_twice, [](const auto&) {});
  };
  CHECK(run());
  CHECK(tries == 3);
  tries = 0;
  sqlstate = "22012";
  const auto failed = run();
  REQUIRE_FALSE(failed);
  CHECK(failed.error().sqlstate == "22012");
  CHECK(tries == 1);
}

TEST_CASE("a prepared transaction is waited for and named", "[live][locks][law8]") {
  Fixture with;
  auto writer = with.reader("app");
  REQUIRE(writer->run("PREPARE TRANSACTION 'two-phase-7'"));
  const auto result = with.run(500ms);
  REQUIRE_FALSE(result);
  CHECK(with.attempts == 0);
  REQUIRE(result.error().blockers.size() == 1);
  CHECK(result.error().blockers[0].pid == 0);
  CHECK(result.error().blockers[0].application == "two-phase-7");
  with.database.exec("ROLLBACK PREPARED 'two-phase-7'");
  CHECK(with.run(5min));
}

TEST_CASE("a stop ends the wait", "[live][locks]") {
  Fixture with;
  auto report = with.reader("nightly-report");
  grow_old();
  auto altering = std::async(std::launch::async, [&] { return with.run(1h); });
  CHECK(eventually([&] { return with.tellings >= 1; }));
  with.stop.request_stop();
  const auto result = altering.get();
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::interrupted);
}

TEST_CASE("a holder that hides its age is as old as we have known it", "[live][locks][law8]") {
  Fixture with;
  with.database.exec("DROP ROLE IF EXISTS zdm_test_plain");
  with.database.exec("CREATE ROLE zdm_test_plain LOGIN");
  auto report = with.reader("nightly-report");
  std::string url = with.database.url().text.reveal();
  url.replace(url.find("user=postgres"), 13, "user=zdm_test_plain");
  auto plain = open(DatabaseUrl{Secret(url)}, {}).value();
  const auto holders = holders_of(*plain, kAlter).value();
  REQUIRE(holders.size() == 1);
  CHECK_FALSE(holders[0].age);
  CHECK_FALSE(holders[0].visible);
  const auto result = with.run(2s, plain.get());
  REQUIRE_FALSE(result);
  CHECK(with.attempts >= 1);  // it looked young at first
  CHECK(with.attempts <= 5);
  REQUIRE(result.error().blockers.size() == 1);
  CHECK(result.error().blockers[0].pid == report->backend_pid());
}

TEST_CASE("without claims the try has the whole timeout", "[live][locks]") {
  Fixture with;
  milliseconds timeout{0};
  REQUIRE(with_locks(
      *with.control, with.host, {.timeout = 200ms}, {}, {},
      [&](milliseconds given) -> Result<void> {
        timeout = given;
        return {};
      },
      [](const auto&) {}));
  CHECK(timeout == 200ms);
}

TEST_CASE("autovacuum is asked to give way, and readers and writers do not notice",
          "[live][locks][law8]") {
  tests::PostgresServer server("-c autovacuum=on -c autovacuum_naptime=1s -c deadlock_timeout=5s");
  TestDatabase database(server);
  database.exec(
      "CREATE TABLE users (id int PRIMARY KEY, name text) WITH (autovacuum_vacuum_threshold = 1, "
      "autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)");
  database.exec("INSERT INTO users SELECT i, repeat('x', 500) FROM generate_series(1, 20000) i");
  database.exec("DELETE FROM users WHERE id % 2 = 0");
  const auto control = database.connect();
  const auto until = Clock::now() + 5min;
  const auto vacuums = [&] {
    const auto holders = holders_of(*control, kAlter).value();
    return std::ranges::any_of(
        holders, [](const Holder& each) { return each.autovacuum && each.age > 500ms; });
  };
  while (!vacuums() && Clock::now() < until) {
    std::this_thread::sleep_for(100ms);
  }
  REQUIRE(vacuums());
  std::atomic<bool> done = false;
  auto slowest = application(database, done);
  const auto work = database.connect();
  RealHost host;
  CHECK(with_locks(
      *control, host, {.timeout = 500ms, .budget = 5min}, kAlter, {},
      [&](milliseconds) -> Result<void> {
        ZDM_CHECK(work->run("ALTER TABLE users ADD COLUMN full_name text"));
        return {};
      },
      [](const auto&) {}));
  done = true;
  CHECK(slowest.get() < 4s);  // we stood in the queue for deadlock_timeout, 5 s
}

TEST_CASE("a locked SQLite file is tried again until the budget is spent", "[live][locks]") {
  tests::SqliteFile file;
  file.exec("CREATE TABLE users (id integer)");
  const auto other = file.connect();
  const auto work = file.connect({.lock_timeout = 20ms});
  const auto control = file.connect();
  RealHost host;
  int tries = 0;
  const auto attempt = [&](milliseconds) -> Result<void> {
    ++tries;
    ZDM_TRY(auto transaction, Transaction::begin(*work));
    ZDM_CHECK(work->run("ALTER TABLE users ADD COLUMN name text"));
    return transaction.commit();
  };
  const auto run = [&](milliseconds budget) {
    return with_locks(*control, host, {.timeout = 500ms, .budget = budget}, {}, {}, attempt,
                      [](const auto&) {});
  };
  REQUIRE(other->run("BEGIN IMMEDIATE"));
  const auto refused = run(3s);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::busy);
  CHECK(tries >= 2);
  auto altering = std::async(std::launch::async, [&] { return run(5min); });
  std::this_thread::sleep_for(300ms);
  REQUIRE(other->run("COMMIT"));
  CHECK(altering.get());
}

TEST_CASE("lock modes conflict as they do on a server", "[live][locks]") {
  Fixture with;
  for (std::size_t one = 0; one < planner::kLockModeNames.size(); ++one) {
    for (std::size_t other = 0; other < planner::kLockModeNames.size(); ++other) {
      const auto lock = [](Connection& connection, std::size_t mode) {
        REQUIRE(connection.run("BEGIN"));
        return connection.run("LOCK TABLE users IN " + std::string(planner::kLockModeNames[mode]) +
                              " MODE NOWAIT");
      };
      REQUIRE(lock(*with.work, one));
      const bool got = lock(*with.control, other).has_value();
      CHECK(got == !planner::conflicts(static_cast<LockMode>(one), static_cast<LockMode>(other)));
      const auto held = with.work->run(
          "SELECT mode FROM pg_locks WHERE pid = pg_backend_pid() "
          "AND relation = 'users'::regclass");
      CHECK(held->first() == planner::pg_locks_mode(static_cast<LockMode>(one)));
      REQUIRE(with.work->run("ROLLBACK"));
      REQUIRE(with.control->run("ROLLBACK"));
    }
  }
}

}  // namespace zdm::migrations
