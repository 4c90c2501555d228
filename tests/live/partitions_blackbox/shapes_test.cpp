#include <fmt/format.h>

#include "stand.hpp"
#include "support/catch.hpp"

// Sets that were not made by zdm, or that something happened to.

namespace zdm::tests {
namespace {

std::string count(Database& database, const std::string& from) {
  return database.value("SELECT count(*) FROM " + from);
}

std::string month(int offset) {
  return fmt::format("(date_trunc('month', now()) + interval '{} months')", offset);
}

/// The bound as a literal of SQL.
std::string bound(Database& database, int offset) {
  database.exec("SET TimeZone = 'UTC'");
  return database.value("SELECT quote_literal(" + month(offset) + ")");
}

}  // namespace

TEST_CASE("a run makes what is missing ahead, retires what is old, and finds nothing to do then",
          "[live][partitions]") {
  Stand stand;
  make_months(stand.database, -5, 0);
  stand.policy(monthly("public.events", "ahead = 3\nkeep = \"2 months\"\n"));
  const auto set = stand.rotated("public.events");
  CHECK(set["created"].size() == 3);
  CHECK(set["dropped"].size() == 3);
  CHECK(bounds_of(stand.database, "events") == months(stand.database, -2, 3));
  CHECK(count(stand.database, "events") == "9");
  const auto state = state_of(stand.database);
  const auto again = stand.rotated("public.events");
  CHECK(again["created"].empty());
  CHECK(again["dropped"].empty());
  CHECK(state_of(stand.database) == state);
}

TEST_CASE("a table without any partition gets the current one and those ahead",
          "[live][partitions]") {
  Stand stand;
  make_months(stand.database, 0, -1);
  stand.policy(monthly("public.events", "ahead = 2\n"));
  const auto finished = stand.rotate();
  INFO(finished.out << finished.err);
  CHECK(finished.code == 0);
  CHECK(bounds_of(stand.database, "events") == months(stand.database, 0, 2));
  stand.database.exec("INSERT INTO events (note) VALUES ('now')");
}

TEST_CASE("without keep nothing is ever dropped", "[live][partitions]") {
  Stand stand;
  make_months(stand.database, -40, 0);
  stand.policy(monthly("public.events", "ahead = 1\n"));
  CHECK(stand.rotate({"--yes"}).code == 0);
  CHECK(bounds_of(stand.database, "events") == months(stand.database, -40, 1));
}

TEST_CASE("holes between partitions are filled", "[live][partitions]") {
  Stand stand;
  make_months(stand.database, -4, 2);
  for (const int gone : {-2, -1, 1}) {
    stand.database.exec(
        "DROP TABLE events_" +
        stand.database.value("SELECT to_char(" + month(gone) + ", '\"y\"YYYY\"m\"MM')"));
  }
  stand.policy(monthly("public.events", "ahead = 2\n"));
  const auto finished = stand.rotate();
  INFO(finished.out << finished.err);
  CHECK(finished.code == 0);
  CHECK(bounds_of(stand.database, "events") == months(stand.database, -4, 2));
}

TEST_CASE("the missing current range is made, and now is served again", "[live][partitions]") {
  Stand stand;
  make_months(stand.database, -3, -2);
  stand.policy(monthly("public.events", "ahead = 1\n"));
  CHECK_THROWS(stand.database.exec("INSERT INTO events (note) VALUES ('now')"));
  CHECK(stand.rotate().code == 0);
  stand.database.exec("INSERT INTO events (note) VALUES ('now')");
  CHECK(months_are_covered(stand.database, "events", 1));
}

TEST_CASE("rows of a default partition keep their range from being made, and are named",
          "[live][partitions]") {
  Stand stand;
  auto& database = stand.database;
  make_months(database, -1, 0);
  database.exec("CREATE TABLE events_rest PARTITION OF events DEFAULT");
  database.exec("INSERT INTO events (occurred_at, note) SELECT " + month(2) +
                " + interval '1 day', 'early' FROM generate_series(1, 7)");
  stand.policy(monthly("public.events", "ahead = 4\n"));
  const auto finished = stand.rotate();
  INFO(finished.out << finished.err);
  CHECK(finished.code == 3);
  CHECK(contains(finished.out + finished.err, "events_rest"));
  CHECK(contains(finished.out + finished.err, "7 "));
  auto expected = months(database, -1, 1);
  for (const auto& each : months(database, 3, 4)) expected.push_back(each);
  expected.emplace_back("DEFAULT");
  CHECK(bounds_of(database, "events") == expected);
  CHECK(count(database, "events WHERE note = 'early'") == "7");
  // Nothing of the check that the default partition needed stays.
  CHECK(count(database,
              "pg_constraint WHERE conrelid = 'events_rest'::regclass AND contype = "
              "'c'") == "0");
  database.exec("DELETE FROM events WHERE note = 'early'");
  CHECK(stand.rotate().code == 0);
  CHECK(months_are_covered(database, "events", 4));
}

TEST_CASE("rows of the current range in a default partition are an alarm", "[live][partitions]") {
  Stand stand;
  make_months(stand.database, -2, -1);
  stand.database.exec("CREATE TABLE events_rest PARTITION OF events DEFAULT");
  stand.database.exec("INSERT INTO events (note) VALUES ('lost')");
  stand.policy(monthly("public.events", "ahead = 1\n"));
  const auto finished = stand.rotate();
  INFO(finished.out << finished.err);
  CHECK(finished.code == 3);
  CHECK(contains(finished.err, "current"));
  CHECK(count(stand.database, "events WHERE note = 'lost'") == "1");
}

TEST_CASE("a set with a default partition is retired, and its rows there stay",
          "[live][partitions]") {
  Stand stand;
  make_months(stand.database, -4, 0);
  stand.database.exec("CREATE TABLE events_rest PARTITION OF events DEFAULT");
  stand.database.exec("INSERT INTO events (occurred_at, note) VALUES ('1999-01-01', 'old')");
  stand.policy(monthly("public.events", "ahead = 1\nkeep = \"2 months\"\n"));
  const auto finished = stand.rotate();
  INFO(finished.out << finished.err);
  CHECK(finished.code == 0);
  auto expected = months(stand.database, -2, 1);
  expected.emplace_back("DEFAULT");
  CHECK(bounds_of(stand.database, "events") == expected);
  CHECK(count(stand.database, "events WHERE note = 'old'") == "1");
}

TEST_CASE("a wide partition of old times stays until its upper bound is too old",
          "[live][partitions]") {
  Stand stand;
  auto& database = stand.database;
  make_months(database, 0, -1);
  database.exec("CREATE TABLE events_legacy PARTITION OF events FOR VALUES FROM (MINVALUE) TO (" +
                bound(database, 0) + ")");
  database.exec("INSERT INTO events (occurred_at) VALUES ('1990-01-01'), (" + month(-1) + ")");
  stand.policy(monthly("public.events", "ahead = 1\nkeep = \"1 month\"\n"));
  const auto finished = stand.rotate();
  INFO(finished.out << finished.err);
  CHECK(finished.code == 0);
  CHECK(count(database, "events") == "2");
  CHECK(months_are_covered(database, "events", 1));
}

TEST_CASE("partitions that do not fit the grid of the policy leave no hole between",
          "[live][partitions]") {
  Stand stand;
  auto& database = stand.database;
  make_months(database, 0, -1);
  // As after a change of the time zone, or of the interval: up to the middle of a month.
  database.exec(
      "CREATE TABLE events_odd PARTITION OF events FOR VALUES FROM ('2001-01-01') TO (" +
      database.value("SELECT quote_literal(" + month(1) + " + interval '13 days 5 hours')") + ")");
  stand.policy(monthly("public.events", "ahead = 3\n"));
  const auto finished = stand.rotate();
  INFO(finished.out << finished.err);
  CHECK((finished.code == 0 || finished.code == 3));
  CHECK(months_are_covered(database, "events", 3));
}

TEST_CASE("a last partition without end is told of, and nothing is made over it",
          "[live][partitions]") {
  Stand stand;
  auto& database = stand.database;
  make_months(database, -1, 0);
  database.exec("CREATE TABLE events_tail PARTITION OF events FOR VALUES FROM (" +
                bound(database, 1) + ") TO (MAXVALUE)");
  stand.policy(monthly("public.events", "ahead = 3\nkeep = \"1 month\"\n"));
  const auto before = state_of(database);
  const auto finished = stand.rotate();
  INFO(finished.out << finished.err);
  CHECK((finished.code == 0 || finished.code == 3));
  CHECK(contains(finished.out + finished.err, "MAXVALUE"));
  CHECK(state_of(database) == before);
}

TEST_CASE("a name that something else has is never taken for the partition", "[live][partitions]") {
  std::string name;
  {
    Stand first;
    make_months(first.database, -1, 0);
    first.policy(monthly("public.events", "ahead = 1\n"));
    const auto set = first.rotated("public.events");
    REQUIRE(set["created"].size() == 1);
    name = first.database.value(R"sql(
        SELECT relname FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
        WHERE inhparent = 'events'::regclass AND relname !~ '^events_y')sql");
    if (name == "(no row)") {
      name = first.database.value("SELECT to_char(" + month(1) + ", '\"events_y\"YYYY\"m\"MM')");
    }
  }
  INFO(name);
  for (const std::string kind :
       {"TABLE {} (a int); INSERT INTO {} VALUES (1)", "VIEW {} AS SELECT 1 a",
        "TYPE {} AS (a int)", "SEQUENCE {}", "TABLE other (a int); CREATE INDEX {} ON other (a)",
        "TABLE {} (LIKE events INCLUDING ALL EXCLUDING IDENTITY)"}) {
    Stand stand;
    auto& database = stand.database;
    make_months(database, -1, 0);
    auto sql = "CREATE " + kind;
    for (auto at = sql.find("{}"); at != std::string::npos; at = sql.find("{}")) {
      sql.replace(at, 2, sql_name(name));
    }
    database.exec(sql);
    stand.policy(monthly("public.events", "ahead = 3\n"));
    const auto finished = stand.rotate();
    INFO(sql << "\n" << finished.out << finished.err);
    if (finished.code == 0) {
      CHECK(months_are_covered(database, "events", 3));
    } else {
      CHECK(finished.code == 3);
      CHECK(contains(finished.out + finished.err, name));
      CHECK(bounds_of(database, "events").size() == 4);  // the others are made
    }
    CHECK(count(database, "pg_inherits WHERE inhrelid = to_regclass(" +
                              database.value("SELECT quote_literal(quote_ident('" + name + "'))") +
                              ") AND inhparent = 'events'::regclass") == "0");
  }
}

TEST_CASE("partitions that are partitioned themselves are retired whole", "[live][partitions]") {
  Stand stand;
  auto& database = stand.database;
  make_months(database, 0, 1);
  for (const int offset : {-3, -2, -1}) {
    const auto name = fmt::format("events_sub{}", -offset);
    database.exec(
        fmt::format("CREATE TABLE {0} PARTITION OF events FOR VALUES FROM ({1}) TO ({2}) PARTITION "
                    "BY HASH (id);"
                    "CREATE TABLE {0}_0 PARTITION OF {0} FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
                    "CREATE TABLE {0}_1 PARTITION OF {0} FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
                    name, bound(database, offset), bound(database, offset + 1)));
    database.exec("INSERT INTO events (occurred_at) SELECT " + month(offset) +
                  " + interval '1 hour' FROM generate_series(1, 10)");
  }
  stand.policy(monthly("public.events", "ahead = 1\nkeep = \"2 months\"\n"));
  const auto finished = stand.rotate();
  INFO(finished.out << finished.err);
  CHECK(count(database, "events WHERE occurred_at >= " + month(-2)) == "26");
  CHECK(months_are_covered(database, "events", 1));
  if (finished.code == 0) {
    CHECK(count(database, "pg_class WHERE relname LIKE 'events_sub3%'") == "0");
  } else {
    CHECK(finished.code == 3);
    CHECK(contains(finished.err, "events_sub3"));
  }
}

TEST_CASE("more partitions than max_drops are dropped only with --yes", "[live][partitions]") {
  Stand stand;
  make_months(stand.database, -20, 0, 1);
  stand.policy(monthly("public.events", "ahead = 1\nkeep = \"3 months\"\n"));
  const auto finished = stand.rotate({"--no-input"});
  INFO(finished.out << finished.err);
  CHECK(finished.code == 3);
  CHECK(contains(finished.err, "--yes"));
  CHECK(months_are_covered(stand.database, "events", 1));  // what is made comes first
  CHECK(bounds_of(stand.database, "events").size() >= 22 - 12);
  const auto yes = stand.rotate({"--yes"});
  INFO(yes.out << yes.err);
  CHECK(yes.code == 0);
  CHECK(bounds_of(stand.database, "events") == months(stand.database, -3, 1));
  stand.policy(monthly("public.events", "ahead = 1\nkeep = \"1 month\"\nmax_drops = 1\n"));
  CHECK(stand.rotate().code == 3);
}

TEST_CASE("nothing is dropped while the ranges to come could not be made", "[live][partitions]") {
  Stand stand;
  make_months(stand.database, -6, -4);
  stand.database.exec("CREATE TABLE events_rest PARTITION OF events DEFAULT");
  stand.database.exec(
      "INSERT INTO events (occurred_at, note) SELECT date_trunc('month', now()) + "
      "i * interval '1 month', 'unplaced' FROM generate_series(0, 2) i");
  stand.policy(monthly("public.events", "ahead = 2\nkeep = \"2 months\"\n"));
  const auto finished = stand.rotate();
  INFO(finished.out << finished.err);
  CHECK(finished.code == 3);
  CHECK(count(stand.database, "events WHERE note <> 'unplaced'") == "9");
}

TEST_CASE("one set that cannot be kept does not stop the others", "[live][partitions]") {
  Stand stand;
  make_months(stand.database, -1, 0);
  stand.database.exec("CREATE SCHEMA app; CREATE TABLE app.plain (occurred_at timestamptz)");
  stand.policy(monthly("app.missing", "ahead = 1\n") + monthly("app.plain", "ahead = 1\n") +
               monthly("public.events", "ahead = 2\n"));
  const auto finished = stand.rotate();
  INFO(finished.out << finished.err);
  CHECK((finished.code == 2 || finished.code == 3));
  CHECK(contains(finished.err, "app.missing"));
  CHECK(contains(finished.err, "app.plain"));
  CHECK(months_are_covered(stand.database, "events", 2));
}

TEST_CASE("a rehearsal changes nothing, whatever the time", "[live][partitions]") {
  Stand stand;
  make_months(stand.database, -6, 0);
  stand.policy(monthly("public.events", "ahead = 3\nkeep = \"2 months\"\n"));
  const auto state = state_of(stand.database);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"rotate", "--dry-run"},
        {"rotate", "--dry-run", "--now", "2031-05-05T00:00:00Z"},
        {"plan"},
        {"plan", "--now", "2031-05-05T00:00:00Z"},
        {"list"}}) {
    const auto finished = stand.partition(words);
    INFO(words.front() << "\n" << finished.out << finished.err);
    CHECK((finished.code == 0 || finished.code == 3));
    CHECK(contains(finished.out, "events"));
    CHECK(state_of(stand.database) == state);
  }
  CHECK(stand.rotate({"--now", "2031-05-05T00:00:00Z"}).code == 2);
  CHECK(state_of(stand.database) == state);
  CHECK(contains(stand.partition({"plan", "--now", "2031-05-05T00:00:00Z"}).out, "2031"));
}

}  // namespace zdm::tests
