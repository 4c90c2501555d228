#include "partitions/calendar.hpp"

#include "partitions/civil.hpp"
#include "support/catch.hpp"

namespace zdm::planner {
namespace {

Micros at(const char* text) {
  const auto time = parse_civil(text);
  REQUIRE(time);
  return *time;
}

/// The start of the period that holds a time.
std::string start_of(const char* interval, const char* anchor, const char* time) {
  const Calendar calendar(*parse_interval(interval), at(anchor));
  return civil_text(calendar.start(calendar.index_of(at(time))));
}

}  // namespace

TEST_CASE("days are counted as in the Gregorian calendar, backwards too", "[partitions]") {
  CHECK(days_of({.year = 1970, .month = 1, .day = 1}) == 0);
  CHECK(days_of({.year = 2000, .month = 3, .day = 1}) == 11'017);
  CHECK(days_of({.year = 1900, .month = 3, .day = 1}) -
            days_of({.year = 1900, .month = 2, .day = 28}) ==
        1);
  for (std::int64_t days = -800'000; days < 800'000; days += 13) {
    const Date date = date_of(days);
    REQUIRE(days_of(date) == days);
    REQUIRE(date.day <= days_in_month(date.year, date.month));
  }
}

TEST_CASE("a year has week 53 where ISO 8601 says so", "[partitions]") {
  const auto week = [](std::int64_t year, int month, int day) {
    const auto iso = iso_week_of(days_of({.year = year, .month = month, .day = day}));
    return std::pair(iso.year, iso.week);
  };
  CHECK(week(2021, 1, 3) == std::pair<std::int64_t, int>(2020, 53));
  CHECK(week(2021, 1, 4) == std::pair<std::int64_t, int>(2021, 1));
  CHECK(week(2024, 12, 30) == std::pair<std::int64_t, int>(2025, 1));
  CHECK(week(2026, 12, 31) == std::pair<std::int64_t, int>(2026, 53));
  CHECK(week(1969, 12, 29) == std::pair<std::int64_t, int>(1970, 1));
}

TEST_CASE("boundaries come from the anchor, so month ends do not drift", "[partitions]") {
  CHECK(start_of("1 month", "2023-01-31", "2023-02-27 23:59") == "2023-01-31 00:00:00");
  CHECK(start_of("1 month", "2023-01-31", "2023-02-28") == "2023-02-28 00:00:00");
  CHECK(start_of("1 month", "2023-01-31", "2023-03-30") == "2023-02-28 00:00:00");
  CHECK(start_of("1 month", "2023-01-31", "2023-03-31") == "2023-03-31 00:00:00");
  CHECK(start_of("1 month", "2023-01-31", "2024-02-29 00:00:01") == "2024-02-29 00:00:00");
  CHECK(start_of("1 year", "2020-02-29", "2023-02-28") == "2023-02-28 00:00:00");
  CHECK(start_of("2 quarters", "2000-01-01", "1999-12-31") == "1999-07-01 00:00:00");
  CHECK(start_of("1 week", "2001-01-01", "2026-11-29 23:59:59") == "2026-11-23 00:00:00");
  CHECK(start_of("1 day", "2000-01-01 06:00", "2026-11-25 05:59") == "2026-11-24 06:00:00");
  CHECK(start_of("10 days", "2000-01-01", "1999-12-31") == "1999-12-22 00:00:00");
}

TEST_CASE("each time is in the period that index_of names, for every unit", "[partitions]") {
  for (const auto* interval : {"1 hour", "6 hours", "1 day", "3 days", "1 week", "1 month",
                               "5 months", "1 quarter", "1 year", "7 years"}) {
    const Calendar calendar(*parse_interval(interval), at("2000-01-31 03:30"));
    INFO(interval);
    for (Micros time = at("1890-01-01"); time < at("2110-01-01"); time += 5 * kDay + 7 * kHour) {
      const auto index = calendar.index_of(time);
      REQUIRE(calendar.start(index) <= time);
      REQUIRE(time < calendar.start(index + 1));
    }
  }
}

TEST_CASE("an interval before a month's end is the end of a shorter month", "[partitions]") {
  CHECK(civil_text(before(at("2024-03-31 12:00"), {1, Unit::month})) == "2024-02-29 12:00:00");
  CHECK(civil_text(before(at("2024-02-29"), {1, Unit::year})) == "2023-02-28 00:00:00");
  CHECK(civil_text(before(at("2024-03-01"), {1, Unit::week})) == "2024-02-23 00:00:00");
  CHECK(civil_text(before(at("2024-05-31"), {1, Unit::quarter})) == "2024-02-29 00:00:00");
}

TEST_CASE("what is no interval is none", "[partitions]") {
  for (const auto* text : {"", "month", "0 months", "1", "1month", "1 fortnight", "-1 day"}) {
    INFO(text);
    CHECK_FALSE(parse_interval(text));
  }
}

}  // namespace zdm::planner
