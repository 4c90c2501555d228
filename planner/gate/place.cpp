#include "gate/place.hpp"

#include <algorithm>

#include "sql/text.hpp"

namespace zdm::planner {
namespace {

bool starts_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

std::pair<int, int> line_and_column(std::string_view text, std::size_t at) {
  const auto before = text.substr(0, std::min(at, text.size()));
  const auto lines = std::ranges::count(before, '\n');
  const auto start = before.rfind('\n');
  const auto line = start == std::string_view::npos ? before : before.substr(start + 1);
  return {static_cast<int>(lines) + 1,
          static_cast<int>(std::ranges::count_if(line, starts_character)) + 1};
}

}  // namespace

SourceSpan span_of(std::string_view text, std::size_t begin, std::size_t end,
                   const std::string& file) {
  const auto [line, column] = line_and_column(text, begin);
  const auto [end_line, end_column] = line_and_column(text, end);
  return {file, line, column, end_line, end_column};
}

std::size_t offset_of(std::string_view text, int line, int column) {
  std::size_t at = 0;
  for (int passed = 1; passed < line; ++passed) {
    const auto end = text.find('\n', at);
    if (end == std::string_view::npos) return text.size();
    at = end + 1;
  }
  if (column <= 1) return at;
  return at + utf8_offset(text.substr(at), static_cast<std::size_t>(column - 1));
}

}  // namespace zdm::planner
