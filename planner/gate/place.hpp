#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/error.hpp"

namespace zdm::planner {

/// The places of a text's bytes, asked for in any order; how long a line is does not matter.
class LineIndex {
 public:
  explicit LineIndex(std::string_view text);

  /// The bytes [begin, end) as lines and columns from 1, columns in characters.
  [[nodiscard]] SourceSpan span(std::size_t begin, std::size_t end, const std::string& file) const;
  /// The byte at a line and column; the size where there is no such line.
  [[nodiscard]] std::size_t offset(int line, int column) const;

 private:
  [[nodiscard]] std::pair<int, int> at(std::size_t offset) const;
  [[nodiscard]] std::size_t characters_before(std::size_t offset) const;

  std::string_view text_;
  std::vector<std::size_t> starts_;      // of lines
  std::vector<std::size_t> characters_;  // before each block of bytes
};

/// The bytes [begin, end) as lines and columns from 1, columns in characters; the end is that of
/// the byte after the last.
[[nodiscard]] SourceSpan span_of(std::string_view text, std::size_t begin, std::size_t end,
                                 const std::string& file);

}  // namespace zdm::planner
