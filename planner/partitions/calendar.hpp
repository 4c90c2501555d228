#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "partitions/key.hpp"

namespace zdm::planner {

enum class Unit { hour, day, week, month, quarter, year };

/// "1 month", "2 quarters".
struct Interval {
  std::int64_t count = 1;
  Unit unit = Unit::month;
};
[[nodiscard]] std::optional<Interval> parse_interval(std::string_view text);

/// The time an interval before, as PostgreSQL subtracts one: the day of the month is kept where the
/// month has it, else its last.
[[nodiscard]] Micros before(Micros civil, const Interval& interval);

/// Periods of N hours, days, weeks, months … on a line of civil time, counted from an anchor. Each
/// boundary is computed from the anchor, never from the one before: so those of an anchor on the
/// 31st fall on the last days of the months. Hours are steps of equal length: given instants, they
/// are right on the days on which the clock is turned.
class Calendar final {
 public:
  Calendar(const Interval& interval, Micros anchor) : interval_(interval), anchor_(anchor) {}

  /// The number of the period that holds `time`; 0 begins at the anchor.
  [[nodiscard]] std::int64_t index_of(Micros time) const;
  [[nodiscard]] Micros start(std::int64_t index) const;

 private:
  Interval interval_;
  Micros anchor_;
};

/// Where an interval is counted from when nothing else is said: 2000-01-01, and for weeks
/// 2001-01-01, a Monday.
[[nodiscard]] Micros default_anchor(Unit unit);

}  // namespace zdm::planner
