#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/error.hpp"

namespace zdm::migrations {

/// A TOML string as it stands in the file.
struct TomlLiteral {
  std::string text;  ///< decoded
  std::vector<std::size_t>
      offsets;          ///< the byte of the file each decoded byte came from, and the end
  std::size_t end = 0;  ///< the byte after the closing quotes
};

/// Decodes the string whose opening quote stands at `start`: basic, literal and their multi-line
/// forms (TOML 1.0, "String"). Nothing when it is not closed or holds an unknown escape.
[[nodiscard]] std::optional<TomlLiteral> scan_literal(std::string_view bytes, std::size_t start);

/// Keys such as a.b.c make one table per part; a parser that builds and frees tables by recursion
/// would exhaust the stack. ErrorCode::usage at the first key with more parts than any file needs.
[[nodiscard]] planner::Result<void> refuse_deep_keys(std::string_view bytes,
                                                     const std::string& file);

}  // namespace zdm::migrations
