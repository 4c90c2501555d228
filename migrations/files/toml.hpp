#pragma once

#include <string>
#include <string_view>

#include "model/error.hpp"
#include "model/value.hpp"

namespace zdm::migrations {

/// No file people write by hand is larger.
inline constexpr std::size_t kLargestFile = 1'000'000;

/// Parses TOML 1.0 into a tree whose members stand in file order, with the place of every key,
/// value and decoded byte of a string. `file` names it in errors. A byte order mark is skipped.
/// Dates and times are refused, no file of ours has any. ErrorCode::usage with line and column; the
/// line itself is in the hint, unless it may hold a password.
[[nodiscard]] planner::Result<planner::Value> parse_toml(std::string_view bytes,
                                                         const std::string& file);

/// The bytes of a file, at most `largest` of them. ErrorCode::usage naming the file.
[[nodiscard]] planner::Result<std::string> read_text_file(const std::string& path,
                                                          std::size_t largest = kLargestFile);

}  // namespace zdm::migrations
