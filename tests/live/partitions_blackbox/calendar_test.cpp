#include "partitions/calendar.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <random>

#include "partitions/civil.hpp"
#include "stand.hpp"
#include "support/catch.hpp"

// The calendar against the server's own arithmetic, over 200 years. ZDM_PARTITIONS_LONG=1 looks at
// every boundary, otherwise at some thousands of each kind.

namespace zdm::tests {
namespace {

using planner::Calendar;
using planner::Interval;
using planner::Micros;
using planner::Unit;

struct Kind {
  Interval interval;
  std::string sql;      ///< the same as the server writes it
  int per_century = 0;  ///< how many of them, about
};

std::vector<Kind> kinds() {
  std::vector<Kind> all;
  for (const int n : {1, 2, 3, 5, 7, 12}) {
    all.push_back({{n, Unit::hour}, fmt::format("{} hours", n), 876'600 / n});
    all.push_back({{n, Unit::day}, fmt::format("{} days", n), 36'525 / n});
    all.push_back({{n, Unit::week}, fmt::format("{} days", 7 * n), 5'218 / n});
    all.push_back({{n, Unit::month}, fmt::format("{} months", n), 1'200 / n});
    all.push_back({{n, Unit::quarter}, fmt::format("{} months", 3 * n), 400 / n});
    all.push_back({{n, Unit::year}, fmt::format("{} years", n), 100 / n});
  }
  return all;
}

/// Anchors on ordinary days, and on days that not every month or year has.
std::vector<std::string> anchors(Unit unit) {
  std::vector<std::string> all = {"2000-01-01 00:00:00", "2004-02-29 00:00:00",
                                  "1999-12-31 00:00:00", "2001-01-30 06:00:00"};
  if (unit == Unit::week) all = {"2001-01-01 00:00:00", "2003-07-03 00:00:00"};
  return all;
}

Micros micros(Database& database, const std::string& civil) {
  return std::stoll(
      database.value("SELECT (extract(epoch FROM timestamp '" + civil + "') * 1000000)::bigint"));
}

}  // namespace

TEST_CASE("boundaries are those that PostgreSQL computes from the anchor, over 200 years",
          "[live][partitions][calendar]") {
  TestDatabase database;
  const bool every = std::getenv("ZDM_PARTITIONS_LONG") != nullptr;
  for (const auto& kind : kinds()) {
    for (const auto& anchor : anchors(kind.interval.unit)) {
      const Calendar calendar(kind.interval, micros(database, anchor));
      const int stride = every ? 1 : std::max(1, kind.per_century / 397);
      const auto rows = database.rows(fmt::format(
          "SELECT i, (extract(epoch FROM timestamp '{}' + i * interval '{}') * 1000000)::bigint "
          "FROM generate_series({}, {}, {}) i",
          anchor, kind.sql, -kind.per_century, kind.per_century, stride));
      std::string wrong;
      for (const auto& row : rows) {
        const auto index = std::stoll(row[0].value_or(""));
        const auto start = std::stoll(row[1].value_or(""));
        if (calendar.start(index) == start && calendar.index_of(start) == index) continue;
        wrong = fmt::format("number {} is {}", index, calendar.start(index));
      }
      INFO(kind.sql << " from " << anchor);
      CHECK(wrong.empty());
      CHECK(rows.size() > 10);
    }
  }
}

TEST_CASE("every moment of 200 years belongs to one period", "[partitions][calendar]") {
  TestDatabase database;
  std::mt19937_64 random(20261125);
  const auto from = micros(database, "1900-01-01 00:00:00");
  const auto to = micros(database, "2100-01-01 00:00:00");
  std::uniform_int_distribution<Micros> any(from, to);
  for (const auto& kind : kinds()) {
    for (const auto& anchor : anchors(kind.interval.unit)) {
      const Calendar calendar(kind.interval, micros(database, anchor));
      int wrong = 0;
      for (int i = 0; i < 2000; ++i) {
        // Half of them at a boundary or right beside it, where mistakes are.
        auto time = any(random);
        if (i % 2 == 0) time = calendar.start(calendar.index_of(time)) + i % 3 - 1;
        const auto index = calendar.index_of(time);
        const bool inside = calendar.start(index) <= time && time < calendar.start(index + 1);
        wrong += inside ? 0 : 1;
      }
      INFO(kind.sql << " from " << anchor);
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("weeks are those of ISO 8601, week 53 too", "[live][partitions][calendar]") {
  TestDatabase database;
  const auto rows = database.rows(
      "SELECT day::date - '1970-01-01'::date, extract(isoyear FROM day), extract(week FROM day) "
      "FROM generate_series(timestamp '1900-01-01', timestamp '2100-12-31', '1 day') day");
  int wrong = 0;
  int last_weeks = 0;
  for (const auto& row : rows) {
    const auto week = planner::iso_week_of(std::stoll(row[0].value_or("")));
    const bool same = std::to_string(week.year) == row[1].value_or("") &&
                      std::to_string(week.week) == row[2].value_or("");
    wrong += same ? 0 : 1;
    last_weeks += week.week == 53 ? 1 : 0;
  }
  CHECK(rows.size() == 73414);
  CHECK(wrong == 0);
  CHECK(last_weeks > 200);
}

TEST_CASE("dates are those of the server, leap years and the years before 1 too",
          "[live][partitions][calendar]") {
  TestDatabase database;
  const auto rows = database.rows(
      "SELECT day - '1970-01-01'::date, extract(year FROM day), extract(month FROM day), "
      "extract(day FROM day) FROM (SELECT '4713-01-01 BC'::date + i * 101 AS day "
      "FROM generate_series(0, 70000) i) days");
  int wrong = 0;
  for (const auto& row : rows) {
    const auto days = std::stoll(row[0].value_or(""));
    auto year = std::stoll(row[1].value_or(""));
    if (year < 0) ++year;  // there is no year 0 in PostgreSQL
    const auto date = planner::date_of(days);
    const bool same = date.year == year && std::to_string(date.month) == row[2].value_or("") &&
                      std::to_string(date.day) == row[3].value_or("");
    wrong += same && planner::days_of(date) == days ? 0 : 1;
  }
  CHECK(wrong == 0);
}

}  // namespace zdm::tests
