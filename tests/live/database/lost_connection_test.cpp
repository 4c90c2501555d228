#include <atomic>
#include <chrono>
#include <thread>

#include "support/catch.hpp"
#include "support/database.hpp"
#include "support/wait.hpp"

using namespace zdm::migrations;
using zdm::tests::make_database;
using zdm::tests::PostgresServer;
using zdm::tests::TestDatabase;
using namespace std::chrono_literals;

namespace {

/// Ends the backend once it is asleep within its statement.
void end_asleep(TestDatabase& database, const Connection& connection) {
  const auto pid = connection.backend_pid();
  static_cast<void>(zdm::tests::eventually([&] {
    return database.value(
               "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' "
               "AND pid = " +
               std::to_string(pid)) == "1";
  }));
  database.terminate(pid);
}

}  // namespace

TEST_CASE("a connection lost while idle is told at the next statement, and for good",
          "[live][database]") {
  TestDatabase database;
  const auto connection = database.connect();
  database.terminate(connection->backend_pid());

  const auto first = connection->run("SELECT 1");
  REQUIRE_FALSE(first);
  CHECK(first.error().code == ErrorCode::cannot_connect);
  CHECK(first.error().sqlstate == "57P01");
  CHECK_FALSE(first.error().in_doubt);
  CHECK_FALSE(connection->usable());
  CHECK_FALSE(connection->in_transaction());

  const auto second = connection->run("SELECT 1");
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::cannot_connect);
  CHECK(classify(second.error().sqlstate) == Trouble::lost);
}

TEST_CASE("a connection lost in the middle of a statement says so", "[live][database]") {
  TestDatabase database;
  const auto connection = database.connect();
  std::jthread killer([&] { end_asleep(database, *connection); });
  const auto result = connection->run("SELECT pg_sleep(600)");
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::cannot_connect);
  CHECK(result.error().sqlstate == "57P01");
  CHECK(result.error().statement == "SELECT pg_sleep(600)");
}

TEST_CASE("a connection lost during COMMIT leaves the outcome in doubt", "[live][database]") {
  TestDatabase database;
  // The commit waits in a deferred trigger until the backend is gone.
  database.exec(R"(
    CREATE TABLE t (a integer);
    CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(600); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER nap AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION nap())");
  const auto connection = database.connect();
  auto transaction = Transaction::begin(*connection);
  REQUIRE(transaction);
  REQUIRE(connection->run("INSERT INTO t VALUES (1)"));
  std::jthread killer([&] { end_asleep(database, *connection); });
  const auto committed = transaction->commit();
  REQUIRE_FALSE(committed);
  CHECK(committed.error().code == ErrorCode::cannot_connect);
  CHECK(committed.error().in_doubt);
}

TEST_CASE("a server that goes down loses the connection, and one that is back takes a new one",
          "[live][database]") {
  PostgresServer server;
  const DatabaseUrl url{Secret(server.url("postgres"))};
  auto connection = open(url, {});
  REQUIRE(connection);
  server.stop();
  const auto result = (*connection)->run("SELECT 1");
  REQUIRE_FALSE(result);
  CHECK(classify(result.error().sqlstate) == Trouble::lost);

  const auto refused = open(url, {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::cannot_connect);
  server.start();
  CHECK(open(url, {}));
}

TEST_CASE("COMMIT of a failed transaction is an error, not a success", "[live][database]") {
  TestDatabase database;
  const auto connection = database.connect();
  auto transaction = Transaction::begin(*connection);
  CHECK_FALSE(connection->run("SELECT 1 / 0"));
  CHECK(connection->in_transaction());
  const auto committed = transaction->commit();
  REQUIRE_FALSE(committed);
  CHECK(committed.error().sqlstate == "25P02");
  CHECK_FALSE(connection->in_transaction());
  CHECK(connection->usable());
}

TEST_CASE("a statement is cancelled from another thread", "[live][database]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  const auto database = make_database(engine);
  const auto connection = database->connect();
  std::atomic<bool> done = false;
  std::jthread canceller([&] {
    while (!done) {
      std::this_thread::sleep_for(50ms);
      connection->cancel();
    }
  });
  const auto result = connection->run(R"(
    WITH RECURSIVE forever(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM forever)
    SELECT count(*) FROM forever)");
  done = true;
  canceller.join();
  REQUIRE_FALSE(result);
  CHECK(result.error().sqlstate == "57014");
  CHECK(classify(result.error().sqlstate) == Trouble::cancelled);
  CHECK(connection->usable());
}

TEST_CASE("a lock that is not granted in time is trouble to try again", "[live][database]") {
  const auto engine = GENERATE(Engine::postgresql, Engine::sqlite);
  const auto database = make_database(engine);
  database->exec("CREATE TABLE t (a integer)");
  const auto holder = database->connect();
  auto transaction = Transaction::begin(*holder);
  REQUIRE(holder->run(engine == Engine::sqlite ? "INSERT INTO t VALUES (1)" : "LOCK TABLE t"));

  const auto waiter = database->connect({.lock_timeout = 50ms});
  const auto result = waiter->run("INSERT INTO t VALUES (2)");
  REQUIRE_FALSE(result);
  CHECK(result.error().sqlstate == "55P03");
  CHECK(classify(result.error().sqlstate) == Trouble::lock);
}
