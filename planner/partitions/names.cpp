#include "partitions/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "partitions/civil.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {
namespace {

constexpr std::array<std::string_view, 9> kTokens = {"table", "range", "year",     "month",  "day",
                                                     "hour",  "week",  "weekyear", "quarter"};

/// The parts of a time that names are made of.
struct Parts {
  explicit Parts(Micros time) : days(floor_div(time, kDay)), of_day(time - days * kDay) {
    date = date_of(days);
    week = iso_week_of(days);
  }
  std::int64_t days;
  Micros of_day;
  Date date;
  IsoWeek week;
};

std::string full_date(const Parts& parts) {
  return fmt::format("{:04}{:02}{:02}", parts.date.year, parts.date.month, parts.date.day);
}

std::string full_time(const Parts& parts) {
  std::string text = fmt::format("{}_{:02}", full_date(parts), parts.of_day / kHour);
  if (parts.of_day % kHour == 0) return text;
  text += fmt::format("{:02}", parts.of_day / (60 * kSecond) % 60);
  if (parts.of_day % (60 * kSecond) == 0) return text;
  text += fmt::format("{:02}", parts.of_day / kSecond % 60);
  return parts.of_day % kSecond == 0 ? text : text + fmt::format("_{}", parts.of_day % kSecond);
}

/// As short as the unit allows where the period begins with it, else the whole time.
std::string time_range(Unit unit, const Parts& parts) {
  if (unit == Unit::hour || parts.of_day != 0) return full_time(parts);
  const Date& date = parts.date;
  if (unit == Unit::week && floor_div(parts.days + 3, 7) * 7 - 3 == parts.days) {
    return fmt::format("{:04}w{:02}", parts.week.year, parts.week.week);
  }
  if (unit == Unit::day || unit == Unit::week || date.day != 1) return full_date(parts);
  if (unit == Unit::year && date.month == 1) return fmt::format("{:04}", date.year);
  if (unit == Unit::quarter && date.month % 3 == 1) {
    return fmt::format("{:04}q{}", date.year, date.month / 3 + 1);
  }
  return fmt::format("{:04}{:02}", date.year, date.month);
}

std::string number_range(std::int64_t start) {
  return start < 0 ? "m" + std::to_string(start).substr(1) : std::to_string(start);
}

std::string value_of(std::string_view token, const PartitionPolicy& policy, std::int64_t start) {
  if (token == "table") return policy.table.name;
  if (!policy.interval) return token == "range" ? number_range(start) : std::string();
  const Parts parts(start);
  if (token == "range") return time_range(policy.interval->unit, parts);
  if (token == "year") return fmt::format("{:04}", parts.date.year);
  if (token == "month") return fmt::format("{:02}", parts.date.month);
  if (token == "day") return fmt::format("{:02}", parts.date.day);
  if (token == "hour") return fmt::format("{:02}", parts.of_day / kHour);
  if (token == "week") return fmt::format("{:02}", parts.week.week);
  if (token == "weekyear") return fmt::format("{:04}", parts.week.year);
  return std::to_string((parts.date.month - 1) / 3 + 1);
}

/// Calls `text` with what stands outside of braces, and `token` with what stands inside; false
/// where a brace is not closed.
template <class OnText, class OnToken>
bool walk(std::string_view pattern, const OnText& on_text, const OnToken& on_token) {
  while (!pattern.empty()) {
    const auto open = std::min(pattern.find('{'), pattern.size());
    on_text(pattern.substr(0, open));
    pattern.remove_prefix(open);
    if (pattern.empty()) break;
    const auto close = pattern.find('}');
    if (close == std::string_view::npos) return false;
    on_token(pattern.substr(1, close - 1));
    pattern.remove_prefix(close + 1);
  }
  return true;
}

}  // namespace

Result<void> check_name_pattern(std::string_view pattern) {
  bool tells_apart = false;
  std::string unknown;
  const bool closed = walk(
      pattern, [](std::string_view) {},
      [&](std::string_view token) {
        if (std::ranges::find(kTokens, token) == kTokens.end()) unknown = token;
        tells_apart = tells_apart || token == "range" || token == "year" || token == "weekyear";
      });
  const std::string hint = fmt::format("it may hold {{{}}}, such as {}", fmt::join(kTokens, "}, {"),
                                       kDefaultNamePattern);
  if (!closed) return fail(ErrorCode::usage, "name has a brace that is not closed", hint);
  if (!unknown.empty()) {
    return fail(ErrorCode::usage, fmt::format("name does not know {{{}}}", unknown), hint);
  }
  if (!tells_apart) {
    return fail(ErrorCode::usage, fmt::format("name would call every partition {}", pattern), hint);
  }
  return {};
}

std::string partition_name(const PartitionPolicy& policy, std::int64_t start,
                           const std::vector<std::string>& taken) {
  // What comes behind the table's name tells partitions apart, so that is what stays whole.
  std::string base;
  std::string suffix;
  const std::string_view pattern =
      policy.name_pattern.empty() ? kDefaultNamePattern : std::string_view(policy.name_pattern);
  walk(
      pattern, [&](std::string_view text) { suffix += text; },
      [&](std::string_view token) {
        suffix += value_of(token, policy, start);
        if (token != "table") return;
        base += suffix;
        suffix.clear();
      });
  return unique_name(base, suffix, taken);
}

}  // namespace zdm::planner
