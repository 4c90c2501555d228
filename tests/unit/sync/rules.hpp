#pragma once

#include <string>
#include <vector>

#include "sync/sync_rule.hpp"

/// Rules and tables as recipes make them, shortened for tests.
namespace zdm::tests {

inline planner::SyncColumn sync_column(std::string name, std::string default_sql = {},
                                       planner::DefaultKind kind = planner::DefaultKind::none) {
  return {.name = std::move(name), .default_sql = std::move(default_sql), .default_kind = kind};
}

inline planner::Assignment assign(std::string column, std::string expression,
                                  std::vector<std::string> reads, std::string type = {}) {
  return {.column = std::move(column),
          .expression = std::move(expression),
          .reads = std::move(reads),
          .type = std::move(type)};
}

inline planner::SyncRule rename_rule(const std::string& from, const std::string& to,
                                     const std::string& migration = "0001_rename") {
  return {.migration = {migration},
          .old_side = {sync_column(from)},
          .new_side = {sync_column(to)},
          .forward = {assign(to, from, {from})},
          .backward = {assign(from, to, {to})}};
}

inline planner::Column column(int attnum, std::string name, std::string type) {
  return {.name = std::move(name), .attnum = attnum, .type = std::move(type)};
}

}  // namespace zdm::tests
