#include "partitions/key.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

#include "partitions/civil.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {
namespace {

using Limits = std::numeric_limits<std::int64_t>;

constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
constexpr int kBelowMilliseconds = 16;  // bits of a uuid's first half that follow them

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, problem] = std::from_chars(text.data(), end, number);
  if (text.empty() || problem != std::errc() || at != end) return std::nullopt;
  return number;
}

/// Takes digits off the front, at least `least` of them.
std::optional<std::int64_t> take_digits(std::string_view& text, std::size_t least) {
  const auto count = std::min(text.find_first_not_of("0123456789"), text.size());
  if (count < least || count > 9) return std::nullopt;
  const auto number = number_of(text.substr(0, count));
  text.remove_prefix(count);
  return number;
}

bool take(std::string_view& text, char byte) {
  if (!text.starts_with(byte)) return false;
  text.remove_prefix(1);
  return true;
}

/// The digits of a fraction as microseconds.
std::optional<Micros> take_fraction(std::string_view& text) {
  const auto count = text.find_first_not_of("0123456789");
  const auto size = std::min(count, text.size());
  if (size == 0 || size > 6) return std::nullopt;
  auto fraction = number_of(text.substr(0, size)).value_or(0);
  for (std::size_t i = size; i < 6; ++i) fraction *= 10;
  text.remove_prefix(size);
  return fraction;
}

std::optional<Micros> take_time(std::string_view& text) {
  const auto hour = take_digits(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute) return std::nullopt;
  Micros time = *hour * kHour + *minute * 60 * kSecond;
  if (!take(text, ':')) return time;
  const auto second = take_digits(text, 2);
  if (!second) return std::nullopt;
  time += *second * kSecond;
  if (!take(text, '.')) return time;
  const auto fraction = take_fraction(text);
  return fraction ? std::optional(time + *fraction) : std::nullopt;
}

std::optional<Date> take_date(std::string_view& text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || *month < 1 || *month > 12 || *day < 1) return std::nullopt;
  return Date{.year = *year, .month = static_cast<int>(*month), .day = static_cast<int>(*day)};
}

/// A date and perhaps a time; "+00" behind it, which is all that a session in UTC writes.
std::optional<Micros> parse_time(std::string_view text, bool zone) {
  const bool before_christ = text.ends_with(" BC");
  if (before_christ) text.remove_suffix(3);
  auto date = take_date(text);
  if (!date) return std::nullopt;
  if (before_christ) date->year = 1 - date->year;
  if (date->day > days_in_month(date->year, date->month)) return std::nullopt;
  Micros time = days_of(*date) * kDay;
  if (take(text, ' ') || take(text, 'T')) {
    const auto of_day = take_time(text);
    if (!of_day) return std::nullopt;
    time += *of_day;
  }
  if (zone && text == "+00") text = {};
  return text.empty() ? std::optional(time) : std::nullopt;
}

std::optional<KeyValue> parse_uuid(std::string_view text) {
  std::array<std::uint64_t, 2> halves{};
  std::size_t digits = 0;
  for (const char byte : text) {
    if (byte == '-') continue;
    constexpr std::string_view kHex = "0123456789abcdef";
    const auto digit = kHex.find(byte);
    if (digit == std::string_view::npos || digits == 32) return std::nullopt;
    auto& half = halves.at(digits++ / 16);
    half = half << 4 | digit;
  }
  if (digits != 32) return std::nullopt;
  return KeyValue{static_cast<std::int64_t>(halves[0] ^ kSign), halves[1]};
}

std::string uuid_text(const KeyValue& value) {
  const auto high = static_cast<std::uint64_t>(value.high) ^ kSign;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff,
                     high & 0xffff, value.low >> 48, value.low & 0xffff'ffff'ffff);
}

std::string date_text(const Date& date) {
  return fmt::format("{:04}-{:02}-{:02}", date.year > 0 ? date.year : 1 - date.year, date.month,
                     date.day);
}

std::string time_text(Micros civil, char between) {
  const std::int64_t days = floor_div(civil, kDay);
  const Micros of_day = civil - days * kDay;
  std::string text =
      fmt::format("{}{}{:02}:{:02}:{:02}", date_text(date_of(days)), between, of_day / kHour,
                  of_day / (60 * kSecond) % 60, of_day / kSecond % 60);
  if (of_day % kSecond != 0) {
    text += fmt::format(".{:06}", of_day % kSecond);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text;
}

bool is_before_christ(Micros civil) {
  return date_of(floor_div(civil, kDay)).year <= 0;
}

std::string infinity(const KeyValue& value) {
  if (value.high == Limits::max()) return "infinity";
  return value.high == Limits::min() ? "-infinity" : "";
}

}  // namespace

std::optional<KeyType> parse_key_type(std::string_view name) {
  if (name == "date") return KeyType::date;
  if (name == "timestamp without time zone") return KeyType::timestamp;
  if (name == "timestamp with time zone") return KeyType::timestamptz;
  if (name == "smallint") return KeyType::int2;
  if (name == "integer") return KeyType::int4;
  if (name == "bigint") return KeyType::int8;
  if (name == "uuid") return KeyType::uuid;
  return std::nullopt;
}

bool is_time(KeyType type) {
  switch (type) {
    case KeyType::date:
    case KeyType::timestamp:
    case KeyType::timestamptz:
    case KeyType::uuid:
      return true;
    case KeyType::int2:
    case KeyType::int4:
    case KeyType::int8:
      return false;
  }
  return false;
}

std::optional<KeyValue> parse_key(KeyType type, std::string_view text) {
  if (type == KeyType::uuid) return parse_uuid(text);
  if (!is_time(type)) {
    const auto number = number_of(text);
    return number ? std::optional(KeyValue{*number, 0}) : std::nullopt;
  }
  if (text == "infinity") return KeyValue{Limits::max(), 0};
  if (text == "-infinity") return KeyValue{Limits::min(), 0};
  const auto time = parse_time(text, type == KeyType::timestamptz);
  return time ? std::optional(key_at(type, *time)) : std::nullopt;
}

std::string key_text(KeyType type, const KeyValue& value) {
  if (type == KeyType::uuid) return uuid_text(value);
  if (!is_time(type)) return std::to_string(value.high);
  if (auto text = infinity(value); !text.empty()) return text;
  const Micros time = time_of(type, value);
  std::string text = type == KeyType::date ? date_text(date_of(value.high)) : time_text(time, ' ');
  if (type == KeyType::timestamptz) text += "+00";
  return is_before_christ(time) ? text + " BC" : text;
}

KeyValue key_at(KeyType type, Micros time) {
  switch (type) {
    case KeyType::date:
      return {floor_div(time, kDay), 0};
    case KeyType::uuid: {
      // Before 1970 there is no uuid of version 7.
      const std::int64_t milliseconds = std::max<std::int64_t>(floor_div(time, 1000), 0);
      const auto high = static_cast<std::uint64_t>(milliseconds) << kBelowMilliseconds;
      return {static_cast<std::int64_t>(high ^ kSign), 0};
    }
    case KeyType::timestamp:
    case KeyType::timestamptz:
    case KeyType::int2:
    case KeyType::int4:
    case KeyType::int8:
      return {time, 0};
  }
  return {time, 0};
}

Micros time_of(KeyType type, const KeyValue& value) {
  if (type == KeyType::date) return value.high * kDay;
  if (type != KeyType::uuid) return value.high;
  const auto high = static_cast<std::uint64_t>(value.high) ^ kSign;
  return static_cast<Micros>(high >> kBelowMilliseconds) * 1000;
}

std::string bound_sql(KeyType type, const Bound& bound) {
  switch (bound.edge) {
    case Edge::minimum:
      return "MINVALUE";
    case Edge::maximum:
      return "MAXVALUE";
    case Edge::value:
      return is_time(type) ? quote_literal(key_text(type, bound.value))
                           : std::to_string(bound.value.high);
  }
  return {};
}

std::string bound_text(KeyType type, const Bound& bound) {
  if (bound.edge == Edge::minimum) return "MINVALUE";
  if (bound.edge == Edge::maximum) return "MAXVALUE";
  const bool zoned = type == KeyType::timestamptz;
  if ((!zoned && type != KeyType::timestamp) || !infinity(bound.value).empty()) {
    return key_text(type, bound.value);
  }
  const std::string text = time_text(bound.value.high, 'T') + (zoned ? "Z" : "");
  return is_before_christ(bound.value.high) ? text + " BC" : text;
}

std::string civil_text(Micros civil) {
  return time_text(civil, ' ') + (is_before_christ(civil) ? " BC" : "");
}

std::optional<Micros> parse_civil(std::string_view text) {
  return parse_time(text, false);
}

}  // namespace zdm::planner
