#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The keys of range partitions as values that can be compared and counted on.
namespace zdm::planner {

enum class KeyType { date, timestamp, timestamptz, int2, int4, int8, uuid };

/// The type as format_type() names it; nothing for one that zdm does not partition by.
[[nodiscard]] std::optional<KeyType> parse_key_type(std::string_view name);
/// Its partitions go by the clock, and not by a number.
[[nodiscard]] bool is_time(KeyType type);

/// Microseconds since 1970-01-01 00:00, of an instant or of what a calendar on the wall shows.
using Micros = std::int64_t;
inline constexpr Micros kSecond = 1'000'000;
inline constexpr Micros kHour = 3600 * kSecond;
inline constexpr Micros kDay = 24 * kHour;

/// One value of a key, in its type's order: days, microseconds, the number; the halves of a uuid,
/// the first with its sign bit turned. The infinities are the largest and the smallest number, as
/// they are to the server.
struct KeyValue {
  std::int64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const KeyValue&, const KeyValue&) = default;
};

/// A value of the text that the server writes with TimeZone UTC and DateStyle ISO.
[[nodiscard]] std::optional<KeyValue> parse_key(KeyType type, std::string_view text);
/// The text of a value, right whatever the session's settings are.
[[nodiscard]] std::string key_text(KeyType type, const KeyValue& value);
/// The key of an instant, or of a civil time where the type knows no zone. A uuid of version 7
/// begins with its milliseconds (RFC 9562, 5.7): the least one of that millisecond.
[[nodiscard]] KeyValue key_at(KeyType type, Micros time);
/// The time that a value stands for, where is_time(); of a uuid the milliseconds it begins with.
[[nodiscard]] Micros time_of(KeyType type, const KeyValue& value);

/// MINVALUE, a value, MAXVALUE, in that order.
enum class Edge { minimum, value, maximum };
struct Bound {
  Edge edge = Edge::value;
  KeyValue value;
  friend auto operator<=>(const Bound&, const Bound&) = default;
};
inline constexpr Bound kMinimum{Edge::minimum, {}};
inline constexpr Bound kMaximum{Edge::maximum, {}};

/// From lower, which is in it, to upper, which is not.
struct Range {
  Bound lower;
  Bound upper;
  friend auto operator<=>(const Range&, const Range&) = default;
  [[nodiscard]] bool holds(const KeyValue& value) const {
    return lower <= Bound{Edge::value, value} && Bound{Edge::value, value} < upper;
  }
};

/// As FOR VALUES FROM (…) TO (…) takes it.
[[nodiscard]] std::string bound_sql(KeyType type, const Bound& bound);
/// As reports show it: RFC 3339 for times, MINVALUE, MAXVALUE.
[[nodiscard]] std::string bound_text(KeyType type, const Bound& bound);

/// 2026-11-25 17:53:31.25, with " BC" where it is.
[[nodiscard]] std::string civil_text(Micros civil);
/// The same read back: a date, or a date and a time of day.
[[nodiscard]] std::optional<Micros> parse_civil(std::string_view text);

}  // namespace zdm::planner
