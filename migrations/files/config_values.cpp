#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <tuple>

#include "files/config_keys.hpp"
#include "files/project.hpp"

namespace zdm::migrations {

using planner::ErrorCode;
using planner::fail_at;
using planner::Result;
using planner::Value;

namespace {

using Checked = tl::expected<std::string, std::string>;

std::optional<std::int64_t> integer_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || problem != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

std::string in_milliseconds(std::int64_t value) {
  constexpr std::array<std::pair<std::int64_t, const char*>, 4> kUnits = {
      {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "min"}, {1000, "s"}}};
  for (const auto& [size, unit] : kUnits) {
    if (value != 0 && value % size == 0) return fmt::format("{}{}", value / size, unit);
  }
  return fmt::format("{}ms", value);
}

Checked check_duration(const ConfigKey& key, std::string_view text) {
  const auto duration = parse_duration(text);
  if (!duration) {
    return tl::unexpected(fmt::format(
        R"(takes a duration with its unit (ms, s, min, h, d), such as "500ms", not "{}")", text));
  }
  if (duration->count() < key.least || duration->count() > key.most) {
    return tl::unexpected(fmt::format("takes {} to {}, not {}", in_milliseconds(key.least),
                                      in_milliseconds(key.most), text));
  }
  return std::string(text);
}

Checked check_integer(const ConfigKey& key, std::string_view text) {
  const auto number = integer_of(text);
  if (number && *number >= key.least && *number <= key.most) return std::string(text);
  if (key.most == INT64_MAX) {
    return tl::unexpected(fmt::format("takes a whole number from {}, not {}", key.least, text));
  }
  return tl::unexpected(
      fmt::format("takes a whole number from {} to {}, not {}", key.least, key.most, text));
}

Checked check_percent(const ConfigKey& key, std::string_view text) {
  const auto number =
      text.ends_with('%') ? integer_of(text.substr(0, text.size() - 1)) : std::nullopt;
  if (number && *number >= key.least && *number <= key.most) return std::string(text);
  return tl::unexpected(fmt::format(R"(takes a percentage from "{}%" to "{}%", not "{}")",
                                    key.least, key.most, text));
}

Checked check_choice(const ConfigKey& key, std::string_view text) {
  std::string listed;
  for (std::size_t at = 0; at <= key.choices.size();) {
    const auto end = std::min(key.choices.find('|', at), key.choices.size());
    const auto choice = key.choices.substr(at, end - at);
    if (choice == text) return std::string(text);
    if (!listed.empty()) listed += end == key.choices.size() ? " or " : ", ";
    listed += fmt::format("\"{}\"", choice);
    at = end + 1;
  }
  return tl::unexpected(fmt::format("takes {}, not \"{}\"", listed, text));
}

/// "1 month", "2 quarters": calendar intervals, whose length in seconds varies.
Checked check_interval(std::string_view text) {
  constexpr std::array<std::string_view, 6> kUnits = {"hour",  "day",     "week",
                                                      "month", "quarter", "year"};
  const auto blank = std::min(text.find(' '), text.size());
  const auto number = integer_of(text.substr(0, blank));
  auto unit = text.substr(std::min(blank + 1, text.size()));
  if (unit.ends_with('s')) unit.remove_suffix(1);
  if (number && *number >= 1 && *number <= 100'000 && std::ranges::count(kUnits, unit) == 1) {
    return std::string(text);
  }
  return tl::unexpected(fmt::format(
      R"(takes a number and hour, day, week, month, quarter or year, such as "1 month", not "{}")",
      text));
}

std::string type_name(const Value& value) {
  struct Namer {
    std::string operator()(const std::string& text) const { return fmt::format("\"{}\"", text); }
    std::string operator()(std::int64_t number) const {
      return fmt::format("the number {}", number);
    }
    std::string operator()(double number) const { return fmt::format("the number {}", number); }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(const planner::Array&) const { return "an array"; }
    std::string operator()(const planner::Object&) const { return "a table"; }
  };
  return std::visit(Namer{}, value.data);
}

std::string_view expected_type(ValueKind kind) {
  switch (kind) {
    case ValueKind::integer:
      return "a whole number";
    case ValueKind::duration:
      return "a duration with its unit in quotes, such as \"500ms\"";
    case ValueKind::percent:
      return "a percentage in quotes, such as \"50%\"";
    case ValueKind::texts:
      return "a list of texts, such as [\"…\"]";
    case ValueKind::interval:
      return "an interval in quotes, such as \"1 month\"";
    case ValueKind::text:
    case ValueKind::url:
    case ValueKind::path:
    case ValueKind::choice:
      return "a text in quotes";
  }
  return "a text in quotes";
}

tl::unexpected<planner::Error> wrong_type(const ConfigKey& key, const Value& value) {
  // the name of a wrongly typed URL's value could hold a password
  const auto found = key.kind == ValueKind::url ? std::string("that") : type_name(value);
  return fail_at(
      value.where, ErrorCode::usage,
      fmt::format("{} takes {}, not {}", full_name(key), expected_type(key.kind), found));
}

}  // namespace

Checked checked(const ConfigKey& key, std::string_view text) {
  switch (key.kind) {
    case ValueKind::duration:
      return check_duration(key, text);
    case ValueKind::integer:
      return check_integer(key, text);
    case ValueKind::percent:
      return check_percent(key, text);
    case ValueKind::choice:
      return check_choice(key, text);
    case ValueKind::interval:
      return check_interval(text);
    case ValueKind::path:
      if (text.empty()) return tl::unexpected(std::string("takes a path, not an empty text"));
      return std::string(text);
    case ValueKind::text:
    case ValueKind::url:
    case ValueKind::texts:
      return std::string(text);
  }
  return std::string(text);
}

Result<std::string> read_value(const ConfigKey& key, const Value& value) {
  std::string text;
  if (const auto* string = std::get_if<std::string>(&value.data)) {
    if (key.kind == ValueKind::integer || key.kind == ValueKind::texts) {
      return wrong_type(key, value);
    }
    text = *string;
  } else if (const auto* number = std::get_if<std::int64_t>(&value.data)) {
    if (key.kind != ValueKind::integer) return wrong_type(key, value);
    text = std::to_string(*number);
  } else {
    return wrong_type(key, value);
  }
  auto good = checked(key, text);
  if (!good) {
    return fail_at(value.where, ErrorCode::usage,
                   fmt::format("{} {}", full_name(key), good.error()));
  }
  return std::move(*good);
}

Result<std::vector<std::string>> read_texts(const ConfigKey& key, const Value& value) {
  const auto* array = std::get_if<planner::Array>(&value.data);
  if (array == nullptr) return wrong_type(key, value);
  std::vector<std::string> list;
  for (const Value& element : *array) {
    const auto* text = std::get_if<std::string>(&element.data);
    if (text == nullptr || text->empty()) return wrong_type(key, element);
    list.push_back(*text);
  }
  return list;
}

}  // namespace zdm::migrations
