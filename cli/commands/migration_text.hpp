#pragma once

#include <string>
#include <vector>

#include "model/error.hpp"
#include "recipes/recipe.hpp"

namespace zdm::cli {

/// The text of a new migration file.
struct MigrationText {
  std::string text;
  std::vector<std::string> missing;  ///< required keys, in it as comments: it does not load
};

/// Writes a migration of one change from `key=value` words. Values are taken as the key's type
/// says: true/false, a comma-separated list, a number, or text; what starts with [ or { for a key
/// that takes a list or a table is TOML as it stands. `description` and `phase` belong to the file.
/// ErrorCode::usage for unknown keys (with a suggestion), repeated ones and values of another type.
[[nodiscard]] planner::Result<MigrationText> migration_text(const planner::KindInfo& kind,
                                                            const std::vector<std::string>& words);

/// The text as a TOML basic string.
[[nodiscard]] std::string toml_string(std::string_view text);

}  // namespace zdm::cli
