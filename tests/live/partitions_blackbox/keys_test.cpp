#include <fmt/format.h>

#include "stand.hpp"
#include "support/catch.hpp"
#include "support/pooler.hpp"

// Sets by each type of key.

namespace zdm::tests {
namespace {

void make_set(Stand& stand, const std::string& type, const std::string& policy) {
  stand.database.exec("CREATE TABLE events (k " + type +
                      " NOT NULL, n int) PARTITION BY RANGE (k)");
  stand.policy("[partition.\"public.events\"]\ncolumn = \"k\"\n" + policy);
}

void rotate_well(const Stand& stand) {
  const auto finished = stand.rotate();
  INFO(finished.out << finished.err);
  REQUIRE(finished.code == 0);
}

std::string partitions(Database& database) {
  return database.value("SELECT count(*) FROM pg_inherits WHERE inhparent = 'events'::regclass");
}

/// The partition that holds the one row that was just written.
std::string place(Database& database) {
  return database.value("SELECT tableoid::regclass FROM events");
}

}  // namespace

TEST_CASE("dates, timestamps and instants of one policy fall into partitions of one name",
          "[live][partitions]") {
  std::string name;
  for (const std::string type : {"date", "timestamp", "timestamptz"}) {
    Stand stand;
    make_set(stand, type, "interval = \"1 day\"\ntimezone = \"Asia/Kathmandu\"\nahead = 2\n");
    rotate_well(stand);
    auto& database = stand.database;
    CHECK(partitions(database) == "3");
    // Of the types without a zone, what a clock in the set's zone shows.
    database.exec("SET TimeZone = 'Asia/Kathmandu'");
    database.exec("INSERT INTO events VALUES (now(), 1)");
    if (name.empty()) name = place(database);
    CHECK(place(database) == name);
    database.exec("UPDATE events SET k = k + interval '2 days'");
    CHECK_THROWS(database.exec("INSERT INTO events VALUES (now() + interval '3 days', 1)"));
  }
}

TEST_CASE("hours are hours, and each has a name", "[live][partitions]") {
  Stand stand;
  make_set(
      stand, "timestamptz",
      "interval = \"1 hour\"\ntimezone = \"Australia/Lord_Howe\"\nahead = 200\nkeep = \"1 day\"\n");
  rotate_well(stand);
  auto& database = stand.database;
  database.exec("SET TimeZone = 'UTC'");
  CHECK(partitions(database) == "201");
  CHECK(database.value(R"sql(
      SELECT count(*) FROM (
        SELECT regexp_match(pg_get_expr(c.relpartbound, c.oid), $q$'([^']*)'.*'([^']*)'$q$) m
        FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
        WHERE inhparent = 'events'::regclass) bound
      WHERE m[2]::timestamptz - m[1]::timestamptz <> interval '1 hour')sql") == "0");
}

TEST_CASE("numbers go ahead of the largest one, and keep counts back from it",
          "[live][partitions]") {
  for (const std::string type : {"smallint", "int", "bigint"}) {
    Stand stand;
    make_set(stand, type, "step = 100\nahead = 2\nkeep = 250\n");
    auto& database = stand.database;
    rotate_well(stand);
    CHECK(bounds_of(database, "events").size() == 3);
    database.exec("INSERT INTO events SELECT i, i FROM generate_series(0, 299) i");
    CHECK_THROWS(database.exec("INSERT INTO events VALUES (300, 0)"));
    rotate_well(stand);
    database.exec("INSERT INTO events SELECT i, i FROM generate_series(300, 499) i");
    rotate_well(stand);  // 499 is the largest: what ends at or below 249 goes
    CHECK(database.value("SELECT min(k) FROM events") == "200");
    CHECK(database.value("SELECT count(*) FROM events") == "300");
    CHECK_THROWS(database.exec("INSERT INTO events VALUES (700, 0)"));
    database.exec("INSERT INTO events VALUES (699, 0)");
  }
}

TEST_CASE("numbers at the end of their type are no reason to fail", "[live][partitions]") {
  Stand stand;
  make_set(stand, "smallint", "step = 1000\nahead = 3\n");
  auto& database = stand.database;
  database.exec(
      "CREATE TABLE last PARTITION OF events FOR VALUES FROM (31000) TO (32000);"
      "INSERT INTO events VALUES (31999, 1)");
  const auto finished = stand.rotate();
  INFO(finished.out << finished.err);
  CHECK((finished.code == 0 || finished.code == 3));
  CHECK(finished.err.find("bug") == std::string::npos);
}

TEST_CASE("uuids of version 7 are kept by the time they begin with", "[live][partitions]") {
  Stand stand;
  make_set(stand, "uuid", "interval = \"1 day\"\nahead = 2\n");
  rotate_well(stand);
  auto& database = stand.database;
  CHECK(partitions(database) == "3");
  // The first and the last of each day have their place, and nothing lies between two days.
  for (int day = 0; day < 3; ++day) {
    for (const std::string moment : {"", " + interval '23:59:59.999'"}) {
      for (const std::string tail : {"7000800000000000", "7fffbfffffffffff"}) {
        database.exec(fmt::format(R"sql(
            INSERT INTO events SELECT (lpad(to_hex((extract(epoch FROM date_trunc('day', now() AT TIME
              ZONE 'UTC') + interval '{} days'{}) * 1000)::bigint), 12, '0') || '{}' || 'ffff')::uuid,
              {})sql",
                                  day, moment, tail.substr(0, 16), day));
      }
    }
  }
  CHECK(database.value("SELECT count(DISTINCT (tableoid, n)) FROM events") == "3");
  CHECK(database.value("SELECT count(*) FROM events") == "12");
}

TEST_CASE("a rotation through a transaction pooler ends the same", "[live][partitions]") {
  Stand stand;
  make_months(stand.database, -5, 0);
  stand.policy(monthly("public.events", "ahead = 2\nkeep = \"2 months\"\n"));
  const Pooler pooler;
  stand.environment["DATABASE_URL"] = pooler.url(stand.database.name());
  const auto finished = stand.rotate();
  INFO(finished.out << finished.err);
  CHECK(finished.code == 0);
  CHECK(bounds_of(stand.database, "events") == months(stand.database, -2, 2));
  CHECK(pending(stand.database) == "0");
}

TEST_CASE("SQLite has no partitions, and that is said", "[live][partitions]") {
  const Sandbox box;
  box.sqlite("CREATE TABLE events (k text)");
  box.write("zdm.toml",
            "[database]\nurl = \"sqlite:shop.db\"\n[partition.\"events\"]\ncolumn = \"k\"\n"
            "interval = \"1 day\"\n");
  const auto finished = box.zdm({"partition", "rotate"});
  INFO(finished.err);
  CHECK(finished.code == 3);
  CHECK(contains(finished.err, "SQLite"));
}

}  // namespace zdm::tests
