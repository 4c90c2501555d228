#include "gate/place.hpp"

#include <algorithm>

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

constexpr std::size_t kBlock = 1024;  // bytes

}  // namespace

LineIndex::LineIndex(std::string_view text) : text_(text), starts_{0} {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i % kBlock == 0) characters_.push_back(characters);
    if (starts_character(text[i])) ++characters;
    if (text[i] == '\n') starts_.push_back(i + 1);
  }
  if (text.size() % kBlock == 0) characters_.push_back(characters);
}

std::size_t LineIndex::characters_before(std::size_t offset) const {
  const std::size_t block = offset / kBlock;
  const auto rest = text_.substr(block * kBlock, offset % kBlock);
  return characters_[block] +
         static_cast<std::size_t>(std::ranges::count_if(rest, starts_character));
}

std::pair<int, int> LineIndex::at(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  const auto line = std::ranges::upper_bound(starts_, offset) - 1;
  return {static_cast<int>(line - starts_.begin()) + 1,
          static_cast<int>(characters_before(offset) - characters_before(*line)) + 1};
}

std::size_t LineIndex::offset(int line, int column) const {
  const auto index = static_cast<std::size_t>(std::max(line, 1)) - 1;
  if (index >= starts_.size()) return text_.size();
  if (column <= 1) return starts_[index];
  const auto wanted = characters_before(starts_[index]) + static_cast<std::size_t>(column) - 1;
  const auto block = std::ranges::upper_bound(characters_, wanted) - characters_.begin() - 1;
  auto left = wanted - characters_[static_cast<std::size_t>(block)];
  for (auto at = static_cast<std::size_t>(block) * kBlock; at < text_.size(); ++at) {
    if (!starts_character(text_[at])) continue;
    if (left == 0) return at;
    --left;
  }
  return text_.size();
}

SourceSpan LineIndex::span(std::size_t begin, std::size_t end, const std::string& file) const {
  const auto [line, column] = at(begin);
  const auto [end_line, end_column] = at(end);
  return {file, line, column, end_line, end_column};
}

SourceSpan span_of(std::string_view text, std::size_t begin, std::size_t end,
                   const std::string& file) {
  const auto [line, column] = line_and_column(text, begin);
  const auto [end_line, end_column] = line_and_column(text, end);
  return {file, line, column, end_line, end_column};
}

}  // namespace zdm::planner
