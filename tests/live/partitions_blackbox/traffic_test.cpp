#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "stand.hpp"
#include "support/catch.hpp"
#include "support/wait.hpp"

// Others at work: long transactions, other runs, sessions with settings of their own.

namespace zdm::tests {
namespace {

using std::chrono::milliseconds;

/// A transaction that another program keeps open.
class Held final {
 public:
  Held(const Database& database, const std::vector<std::string>& statements)
      : connection_(database.connect({.lock_timeout = milliseconds(0),
                                      .statement_timeout = milliseconds(0),
                                      .idle_in_transaction_timeout = milliseconds(0)})) {
    say("SET application_name = 'pg_dump'");
    for (const auto& each : statements) say(each);
  }
  void say(const std::string& sql) {
    const auto answer = connection_->run(sql);
    INFO(sql << ": " << (answer ? "" : answer.error().message));
    REQUIRE(answer.has_value());
  }

 private:
  std::unique_ptr<migrations::Connection> connection_;
};

/// Leaves events_yYYYYmMM of that month half detached, as a DETACH CONCURRENTLY that was cancelled.
void half_detach(Database& database, int offset) {
  const Held reader(database, {"BEGIN", "SELECT count(*) FROM events"});
  const auto name =
      database.value(fmt::format("SELECT to_char(date_trunc('month', now()) + interval '{} "
                                 "months', '\"events_y\"YYYY\"m\"MM')",
                                 offset));
  const auto connection = database.connect({.statement_timeout = milliseconds(300)});
  REQUIRE_FALSE(
      connection->run("ALTER TABLE events DETACH PARTITION " + name + " CONCURRENTLY").has_value());
  REQUIRE(pending(database) == "1");
}

bool has_concurrent_detach(Database& database) {
  return database.connect()->server_version() >= 140000;
}

}  // namespace

TEST_CASE("a pending detach of an earlier run is finished first", "[live][partitions]") {
  Stand stand;
  auto& database = stand.database;
  if (!has_concurrent_detach(database)) return;
  make_months(database, -6, 0);
  half_detach(database, -5);
  stand.policy(monthly("public.events", "ahead = 1\nkeep = \"2 months\"\n"));
  const auto finished = stand.rotate();
  INFO(finished.out << finished.err);
  CHECK(finished.code == 0);
  CHECK(pending(database) == "0");
  CHECK(bounds_of(database, "events") == months(database, -2, 1));
}

TEST_CASE("a pending detach of a partition that is to be kept loses no row", "[live][partitions]") {
  Stand stand;
  auto& database = stand.database;
  if (!has_concurrent_detach(database)) return;
  make_months(database, -3, 0);
  half_detach(database, -1);
  const auto name = database.value(
      "SELECT to_char(date_trunc('month', now()) - interval '1 month', '\"events_y\"YYYY\"m\"MM')");
  stand.policy(monthly("public.events", "ahead = 1\nkeep = \"2 months\"\n"));
  const auto finished = stand.rotate();
  INFO(finished.out << finished.err);
  CHECK((finished.code == 0 || finished.code == 3));
  CHECK(database.value("SELECT count(*) FROM " + name) == "3");
  if (finished.code == 0) CHECK(pending(database) == "0");
  CHECK(months_are_covered(database, "events", 1));
}

TEST_CASE("while a dump reads the set, partitions are made, and retiring waits for another run",
          "[live][partitions]") {
  Stand stand;
  auto& database = stand.database;
  make_months(database, -4, 0);
  stand.policy(monthly("public.events", "ahead = 2\nkeep = \"2 months\"\n"));
  {
    const Held dump(database, {"BEGIN ISOLATION LEVEL REPEATABLE READ",
                               "LOCK TABLE events IN ACCESS SHARE MODE", "SELECT * FROM events"});
    std::this_thread::sleep_for(milliseconds(5500));  // no ordinary transaction any more
    const auto finished = stand.rotate({"--lock-budget", "2s"});
    INFO(finished.out << finished.err);
    CHECK(finished.code == 6);
    CHECK(contains(finished.err, "pg_dump"));
    CHECK(pending(database) == "0");
    CHECK(bounds_of(database, "events") == months(database, -4, 2));
    CHECK(database.value("SELECT count(*) FROM events") == "15");
  }
  CHECK(stand.rotate().code == 0);
  CHECK(bounds_of(database, "events") == months(database, -2, 2));
}

TEST_CASE("a prepared transaction on the set is no reason to leave something half done",
          "[live][partitions]") {
  Stand stand;
  auto& database = stand.database;
  make_months(database, -4, 0);
  stand.policy(monthly("public.events", "ahead = 2\nkeep = \"2 months\"\n"));
  const auto name = "zdm_" + database.name();
  database.exec("BEGIN");
  database.exec("INSERT INTO events (note) VALUES ('prepared')");
  database.exec("PREPARE TRANSACTION '" + name + "'");
  const auto finished = stand.rotate({"--lock-budget", "2s"});
  const auto left = pending(database);
  const auto bounds = bounds_of(database, "events");
  database.exec("COMMIT PREPARED '" + name + "'");
  INFO(finished.out << finished.err);
  CHECK(finished.code == 6);
  CHECK(contains(finished.err, name));
  CHECK(left == "0");
  CHECK(bounds == months(database, -4, 2));
  CHECK(stand.rotate().code == 0);
  CHECK(bounds_of(database, "events") == months(database, -2, 2));
}

TEST_CASE("timeouts set for the role and the database leave nothing half detached",
          "[live][partitions]") {
  Stand stand;
  auto& database = stand.database;
  make_months(database, -4, 0);
  database.exec("ALTER DATABASE " + database.name() + " SET statement_timeout = '200ms'");
  database.exec("ALTER DATABASE " + database.name() + " SET lock_timeout = '100ms'");
  database.exec("ALTER DATABASE " + database.name() +
                " SET idle_in_transaction_session_timeout = '100ms'");
  stand.environment["PGOPTIONS"] = "-c statement_timeout=150ms -c lock_timeout=50ms";
  stand.policy(monthly("public.events", "ahead = 1\nkeep = \"2 months\"\n"));
  std::jthread reader([&] {
    const Held held(database, {"BEGIN", "SELECT count(*) FROM events"});
    std::this_thread::sleep_for(milliseconds(1200));
  });
  const auto finished = stand.rotate();
  reader.join();
  INFO(finished.out << finished.err);
  CHECK(finished.code == 0);
  CHECK(pending(database) == "0");
  CHECK(bounds_of(database, "events") == months(database, -2, 1));
}

TEST_CASE("no time zone but the set's counts", "[live][partitions]") {
  Stand stand;
  auto& database = stand.database;
  make_months(database, -1, 0);
  database.exec("ALTER DATABASE " + database.name() + " SET TimeZone = 'America/New_York'");
  database.exec("ALTER DATABASE " + database.name() + " SET DateStyle = 'German, DMY'");
  database.exec("ALTER DATABASE " + database.name() + " SET IntervalStyle = 'iso_8601'");
  stand.environment["TZ"] = "Asia/Kathmandu";
  stand.environment["PGOPTIONS"] = "-c TimeZone=Asia/Tokyo -c DateStyle=SQL,MDY";
  stand.policy(monthly("public.events", "ahead = 2\n"));
  const auto finished = stand.rotate();
  INFO(finished.out << finished.err);
  CHECK(finished.code == 0);
  CHECK(bounds_of(database, "events") == months(database, -1, 2));
}

TEST_CASE("runs at the same time do no harm, and all but one may say busy", "[live][partitions]") {
  Stand stand;
  auto& database = stand.database;
  make_months(database, -8, 0);
  stand.policy(monthly("public.events", "ahead = 8\nkeep = \"2 months\"\n"));
  std::vector<Finished> finished(5);
  {
    std::vector<std::jthread> runs;
    for (auto& each : finished) {
      runs.emplace_back([&] { each = stand.rotate({"--lock-budget", "20s"}); });
    }
  }
  for (const auto& each : finished) {
    INFO(each.out << each.err);
    CHECK((each.code == 0 || each.code == 6));
  }
  CHECK(std::any_of(finished.begin(), finished.end(), [](auto& each) { return each.code == 0; }));
  CHECK(bounds_of(database, "events") == months(database, -2, 8));
}

TEST_CASE("a vacuum of what is to be retired is waited for or passed by, not fought",
          "[live][partitions]") {
  Stand stand;
  auto& database = stand.database;
  make_months(database, -4, 0, 20000);
  const auto name = database.value(
      "SELECT to_char(date_trunc('month', now()) - interval '4 months', "
      "'\"events_y\"YYYY\"m\"MM')");
  std::atomic<bool> done = false;
  std::jthread vacuum([&] {
    const auto connection = database.connect({.lock_timeout = milliseconds(0)});
    static_cast<void>(connection->run("SET vacuum_cost_delay = '20ms'"));
    static_cast<void>(connection->run("SET vacuum_cost_limit = 20"));
    static_cast<void>(connection->run("DELETE FROM " + name + " WHERE id % 2 = 0"));
    CHECK(connection->run("VACUUM " + name).has_value());
    done = true;
  });
  REQUIRE(eventually([&] {
    return done || database.value(
                       "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'VACUUM "
                       "events%' AND state = 'active'") == "1";
  }));
  stand.policy(monthly("public.events", "ahead = 1\nkeep = \"2 months\"\n"));
  auto finished = stand.rotate();
  vacuum.join();
  INFO(finished.out << finished.err);
  CHECK((finished.code == 0 || finished.code == 6));
  CHECK(pending(database) == "0");
  if (finished.code == 6) finished = stand.rotate();
  CHECK(finished.code == 0);
  CHECK(bounds_of(database, "events") == months(database, -2, 1));
}

TEST_CASE("a standby is refused, with a word that says so", "[live][partitions]") {
  PostgresServer server;
  Stand stand(server);
  make_months(stand.database, -1, 0);
  stand.policy(monthly("public.events", "ahead = 1\n"));
  stand.database.exec("CHECKPOINT");
  server.stop();
  std::ofstream(server.folder() + "/data/standby.signal").close();
  server.start();
  const auto finished = stand.rotate();
  INFO(finished.out << finished.err);
  CHECK(finished.code == 3);
  CHECK((contains(finished.err, "standby") || contains(finished.err, "recovery") ||
         contains(finished.err, "read-only")));
}

TEST_CASE("who may not is refused, with the object named and nothing changed",
          "[live][partitions]") {
  Stand stand;
  auto& database = stand.database;
  make_months(database, -4, 0);
  const auto role = "zdm_" + database.name();
  database.exec("CREATE ROLE " + role + " LOGIN; GRANT SELECT, INSERT ON events TO " + role +
                "; GRANT CREATE ON DATABASE " + database.name() + " TO " + role);
  stand.policy(monthly("public.events", "ahead = 1\nkeep = \"2 months\"\n"));
  stand.environment["PGUSER"] = role;
  auto url = database.url().text.reveal();
  url.erase(url.find("&user="));
  stand.environment["DATABASE_URL"] = url;
  const auto state = state_of(database);
  const auto stranger = stand.rotate();
  INFO(stranger.out << stranger.err);
  CHECK(stranger.code == 3);
  CHECK(contains(stranger.err, "events"));
  CHECK(contains(stranger.err, role));
  CHECK(state_of(database) == state);
  // The owner of the parent, who does not own an old partition.
  database.exec("ALTER TABLE events OWNER TO " + role + "; GRANT CREATE ON SCHEMA public TO " +
                role);
  const auto owner = stand.rotate();
  INFO(owner.out << owner.err);
  CHECK(owner.code == 3);
  CHECK(contains(owner.err, "events_y"));
  CHECK(pending(database) == "0");
  CHECK(database.value("SELECT count(*) FROM events") == "15");
  CHECK(months_are_covered(database, "events", 1));
  database.exec("REASSIGN OWNED BY " + role + " TO postgres; DROP OWNED BY " + role +
                "; DROP ROLE " + role);
}

}  // namespace zdm::tests
