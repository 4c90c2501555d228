#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "model/error.hpp"

namespace zdm::planner {

/// The bytes [begin, end) as lines and columns from 1, columns in characters; the end is that of
/// the byte after the last.
[[nodiscard]] SourceSpan span_of(std::string_view text, std::size_t begin, std::size_t end,
                                 const std::string& file);

/// The byte at a line and column; the size where there is no such line.
[[nodiscard]] std::size_t offset_of(std::string_view text, int line, int column);

}  // namespace zdm::planner
