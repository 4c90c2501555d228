#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/error.hpp"

namespace zdm::migrations {

/// Finds the byte of a line and column, and back, in constant time: a file is often one long line.
/// Lines end at LF; lines and columns count from 1, columns in characters (code points).
class TextIndex {
 public:
  /// ErrorCode::usage at the first byte that is not UTF-8, or NUL. The text must outlive the index.
  [[nodiscard]] static planner::Result<TextIndex> create(std::string_view text,
                                                         const std::string& file);

  /// The byte at which a character starts; the size of the text when there is no such place.
  [[nodiscard]] std::size_t offset(std::uint32_t line, std::uint32_t column) const;
  /// (line, column) of the character that the byte belongs to.
  [[nodiscard]] std::pair<int, int> place(std::size_t offset) const;
  /// The line without its end.
  [[nodiscard]] std::string_view line(std::uint32_t number) const;
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  explicit TextIndex(std::string_view text) : text_(text) {}
  [[nodiscard]] planner::Result<void> build(const std::string& file);

  std::string_view text_;
  std::vector<std::uint32_t> characters_;  ///< the byte each character starts at
  std::vector<std::uint32_t> lines_;       ///< the character each line starts at
};

/// The length of the UTF-8 sequence at the start of the text, or 0 when there is none (Unicode
/// standard, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF).
[[nodiscard]] std::size_t utf8_length(std::string_view text);

}  // namespace zdm::migrations
