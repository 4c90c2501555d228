#include "partitions/calendar.hpp"

#include <algorithm>
#include <charconv>

#include "partitions/civil.hpp"

namespace zdm::planner {
namespace {

/// Months of one unit; 0 for those of fixed length.
std::int64_t months_of(Unit unit) {
  switch (unit) {
    case Unit::month:
      return 1;
    case Unit::quarter:
      return 3;
    case Unit::year:
      return 12;
    case Unit::hour:
    case Unit::day:
    case Unit::week:
      return 0;
  }
  return 0;
}

Micros length_of(Unit unit) {
  switch (unit) {
    case Unit::hour:
      return kHour;
    case Unit::day:
      return kDay;
    case Unit::week:
      return 7 * kDay;
    case Unit::month:
    case Unit::quarter:
    case Unit::year:
      return 0;
  }
  return 0;
}

std::int64_t month_number(Micros civil) {
  const Date date = date_of(floor_div(civil, kDay));
  return date.year * 12 + date.month - 1;
}

Micros add_months(Micros civil, std::int64_t months) {
  const std::int64_t days = floor_div(civil, kDay);
  const std::int64_t number = month_number(civil) + months;
  const std::int64_t year = floor_div(number, 12);
  const int month = static_cast<int>(number - year * 12) + 1;
  const int day = std::min(date_of(days).day, days_in_month(year, month));
  return days_of({.year = year, .month = month, .day = day}) * kDay + (civil - days * kDay);
}

}  // namespace

std::optional<Interval> parse_interval(std::string_view text) {
  constexpr std::string_view kNames[] = {"hour", "day", "week", "month", "quarter", "year"};
  std::int64_t count = 0;
  const auto [at, problem] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (problem != std::errc() || count < 1) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(at - text.data()));
  if (!text.starts_with(' ')) return std::nullopt;
  text.remove_prefix(1);
  if (text.ends_with('s')) text.remove_suffix(1);
  const auto* const found = std::ranges::find(kNames, text);
  if (found == std::end(kNames)) return std::nullopt;
  return Interval{.count = count, .unit = static_cast<Unit>(found - std::begin(kNames))};
}

Micros before(Micros civil, const Interval& interval) {
  const std::int64_t months = months_of(interval.unit);
  if (months != 0) return add_months(civil, -interval.count * months);
  return civil - interval.count * length_of(interval.unit);
}

std::int64_t Calendar::index_of(Micros time) const {
  const std::int64_t months = months_of(interval_.unit) * interval_.count;
  if (months == 0) return floor_div(time - anchor_, length_of(interval_.unit) * interval_.count);
  const std::int64_t index = floor_div(month_number(time) - month_number(anchor_), months);
  // In the month of a boundary the day and the time of day decide.
  return start(index) > time ? index - 1 : index;
}

Micros Calendar::start(std::int64_t index) const {
  const std::int64_t months = months_of(interval_.unit);
  if (months != 0) return add_months(anchor_, index * interval_.count * months);
  return anchor_ + index * interval_.count * length_of(interval_.unit);
}

Micros default_anchor(Unit unit) {
  return days_of({.year = unit == Unit::week ? 2001 : 2000, .month = 1, .day = 1}) * kDay;
}

}  // namespace zdm::planner
