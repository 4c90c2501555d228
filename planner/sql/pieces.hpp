#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/expression.hpp"

namespace zdm::planner {

/// Bytes; a longer script is not read.
constexpr std::size_t kMaxScript = std::size_t{16} * 1024 * 1024;

/// A statement of a script that may hold errors: its place, and what forbids to parse it.
struct SqlPiece {
  std::size_t offset = 0;
  std::size_t length = 0;         ///< without the semicolon and the comments before it
  std::optional<SqlFault> fault;  ///< its offset counts from the start of the script
};

/// Splits at the semicolons that end statements, whatever the statements look like: those within
/// strings, brackets, and CREATE FUNCTION … BEGIN ATOMIC … END end none. An unbalanced bracket ends
/// with its statement, which the parser will refuse.
///
/// A fault is what would cost too much to parse. Limits: 16 MiB of script; a statement of 2,000
/// operators or other words in one chain (between commas, AND and OR, all brackets around it
/// counted); operators of 63 characters.
[[nodiscard]] std::vector<SqlPiece> split_pieces(std::string_view script);

}  // namespace zdm::planner
