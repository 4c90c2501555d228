#include "files/text_index.hpp"

#include <algorithm>

namespace zdm::migrations {

using planner::ErrorCode;
using planner::fail_at;
using planner::Result;
using planner::SourceSpan;

namespace {

bool continues(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// The lowest and highest second byte that a first byte allows, and the length it announces.
struct Lead {
  std::size_t length;
  unsigned char low;
  unsigned char high;
};

Lead lead_of(unsigned char first) {
  if (first < 0x80) return {1, 0x80, 0xBF};
  if (first >= 0xC2 && first <= 0xDF) return {2, 0x80, 0xBF};
  if (first == 0xE0) return {3, 0xA0, 0xBF};
  if (first == 0xED) return {3, 0x80, 0x9F};
  if (first >= 0xE1 && first <= 0xEF) return {3, 0x80, 0xBF};
  if (first == 0xF0) return {4, 0x90, 0xBF};
  if (first >= 0xF1 && first <= 0xF3) return {4, 0x80, 0xBF};
  if (first == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  if (text.empty()) return 0;
  const Lead lead = lead_of(static_cast<unsigned char>(text[0]));
  if (lead.length < 2) return lead.length;
  if (text.size() < lead.length) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  if (second < lead.low || second > lead.high) return 0;
  for (std::size_t i = 2; i < lead.length; ++i) {
    if (!continues(text[i])) return 0;
  }
  return lead.length;
}

Result<TextIndex> TextIndex::create(std::string_view text, const std::string& file) {
  TextIndex index(text);
  if (auto built = index.build(file); !built) return planner::fail(std::move(built).error());
  return index;
}

Result<void> TextIndex::build(const std::string& file) {
  characters_.reserve(text_.size() + 1);
  lines_.push_back(0);
  for (std::size_t at = 0; at < text_.size();) {
    const std::size_t length = text_[at] == '\0' ? 0 : utf8_length(text_.substr(at));
    characters_.push_back(static_cast<std::uint32_t>(at));
    if (length == 0) {
      const auto [line, column] = place(at);
      return fail_at(SourceSpan{file, line, column, line, column}, ErrorCode::usage,
                     text_[at] == '\0' ? "this is not a text file: it contains a NUL byte"
                                       : "this is not UTF-8 text",
                     "save the file as UTF-8");
    }
    if (text_[at] == '\n') lines_.push_back(static_cast<std::uint32_t>(characters_.size()));
    at += length;
  }
  characters_.push_back(static_cast<std::uint32_t>(text_.size()));
  return {};
}

std::size_t TextIndex::offset(std::uint32_t line, std::uint32_t column) const {
  if (line == 0 || column == 0 || line > lines_.size()) return text_.size();
  const std::size_t character = std::size_t{lines_[line - 1]} + column - 1;
  return character < characters_.size() ? characters_[character] : text_.size();
}

std::pair<int, int> TextIndex::place(std::size_t offset) const {
  const auto after = std::ranges::upper_bound(characters_, offset);
  const auto character = after == characters_.begin() ? 0 : after - characters_.begin() - 1;
  const auto next_line = std::ranges::upper_bound(lines_, static_cast<std::uint32_t>(character));
  const auto line = next_line - lines_.begin();
  const auto start = lines_[static_cast<std::size_t>(line - 1)];
  return {static_cast<int>(line), static_cast<int>(character) - static_cast<int>(start) + 1};
}

std::string_view TextIndex::line(std::uint32_t number) const {
  const std::size_t start = offset(number, 1);
  const std::size_t end = std::min(text_.find('\n', start), text_.size());
  auto line = text_.substr(start, end - start);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace zdm::migrations
