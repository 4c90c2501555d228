#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "files/project.hpp"

namespace zdm::migrations {

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> kUnits = {
      {{"ms", 1}, {"s", 1000}, {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
  constexpr std::int64_t kLongest = std::int64_t{100} * 366 * 86'400'000;
  std::int64_t number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, problem] = std::from_chars(text.data(), last, number);
  auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  const auto* const found =
      std::ranges::find(kUnits, unit, &std::pair<std::string_view, std::int64_t>::first);
  const bool good = problem == std::errc{} && number >= 0 && !text.starts_with('-');
  if (!good || found == kUnits.end() || number > kLongest / found->second) {
    return planner::fail(ErrorCode::usage, fmt::format("\"{}\" is not a duration", text),
                         good && unit.empty()
                             ? "add the unit: ms, s, min, h or d"
                             : "write a whole number and ms, s, min, h or d: 500ms");
  }
  return std::chrono::milliseconds(number * found->second);
}

}  // namespace zdm::migrations
