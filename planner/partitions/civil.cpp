#include "partitions/civil.hpp"

#include <array>

namespace zdm::planner {
namespace {

constexpr std::int64_t kDaysOf400Years = 146'097;

bool is_leap(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

}  // namespace

// Years that begin in March put the leap day last (H. Hinnant, "chrono-Compatible Low-Level Date
// Algorithms").
std::int64_t days_of(const Date& date) {
  const std::int64_t year = date.month > 2 ? date.year : date.year - 1;
  const std::int64_t era = floor_div(year, 400);
  const std::int64_t of_era = year - era * 400;
  const std::int64_t of_year =
      (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
  const std::int64_t day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
  return era * kDaysOf400Years + day_of_era - 719'468;
}

Date date_of(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = floor_div(days, kDaysOf400Years);
  const std::int64_t of_era = days - era * kDaysOf400Years;
  const std::int64_t year_of_era =
      (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
  const std::int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted = (5 * of_year + 2) / 153;
  const int month = static_cast<int>(shifted < 10 ? shifted + 3 : shifted - 9);
  return {.year = year_of_era + era * 400 + (month <= 2 ? 1 : 0),
          .month = month,
          .day = static_cast<int>(of_year - (153 * shifted + 2) / 5 + 1)};
}

int days_in_month(std::int64_t year, int month) {
  constexpr std::array kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays.at(static_cast<std::size_t>(month - 1));
}

// The week belongs to the year of its Thursday.
IsoWeek iso_week_of(std::int64_t days) {
  const std::int64_t monday = floor_div(days + 3, 7) * 7 - 3;  // 1970-01-01 was a Thursday
  const std::int64_t thursday = monday + 3;
  const std::int64_t year = date_of(thursday).year;
  const std::int64_t first = days_of({.year = year, .month = 1, .day = 1});
  return {.year = year, .week = static_cast<int>((thursday - first) / 7 + 1)};
}

}  // namespace zdm::planner
