#pragma once

#include <cassert>
#include <cstdint>

/// Days and dates of the proleptic Gregorian calendar, as PostgreSQL counts them, for years beyond
/// those of std::chrono (a timestamp goes up to 294276).
namespace zdm::planner {

struct Date {
  std::int64_t year = 1970;  ///< 0 is 1 BC
  int month = 1;
  int day = 1;
};

/// Days since 1970-01-01.
[[nodiscard]] std::int64_t days_of(const Date& date);
[[nodiscard]] Date date_of(std::int64_t days);
[[nodiscard]] int days_in_month(std::int64_t year, int month);
/// The year and week of ISO 8601, whose weeks begin on Monday.
struct IsoWeek {
  std::int64_t year = 1970;
  int week = 1;
};
[[nodiscard]] IsoWeek iso_week_of(std::int64_t days);

/// Rounded down, also below zero.
[[nodiscard]] constexpr std::int64_t floor_div(std::int64_t value, std::int64_t by) {
  assert(by > 0);
  return value / by - (value % by < 0 ? 1 : 0);
}

}  // namespace zdm::planner
