#pragma once

#include <map>
#include <string>
#include <vector>

#include "files/project.hpp"
#include "model/value.hpp"

namespace zdm::migrations {

/// What one zdm.toml says, validated key by key, before flags and environment are laid over it.
struct ConfigFile {
  struct Entry {
    std::string text;  ///< as written; lists are in `list`
    std::vector<std::string> list;
    planner::Value value;  ///< for its place
  };
  std::map<std::string, Entry> entries;  ///< by full name, "locks.timeout"
  std::map<std::string, planner::SourceSpan> rule_places;
  GateRules rules;
  std::vector<NamedTable> partitions;
  std::vector<NamedTable> matviews;
  std::vector<Setting> table_settings;  ///< of the two above
};

/// `shown` is the file's name in errors and in `zdm config`. ErrorCode::usage for unknown tables
/// and keys (with a suggestion), wrong types and values.
[[nodiscard]] Result<ConfigFile> read_config_file(const planner::Value& root,
                                                  const std::string& shown);

/// A list as TOML would have it.
[[nodiscard]] std::string printed(const std::vector<std::string>& list);

/// Expands `${NAME}` from the environment, `$$` to a dollar. ErrorCode::usage, where it stands, for
/// an unset variable and for a `${` that is not closed.
[[nodiscard]] Result<std::string> expand_variables(const Host& host, const planner::Value& value);

/// `url` with a relative sqlite: path made absolute against `directory`.
[[nodiscard]] std::string with_absolute_path(const std::string& url, const std::string& directory);

}  // namespace zdm::migrations
