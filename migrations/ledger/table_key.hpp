#pragma once

#include <optional>
#include <string>
#include <vector>

#include "database/connection.hpp"
#include "model/progress.hpp"

/// How the ledger follows tables: by oid on PostgreSQL, by name on SQLite.
namespace zdm::migrations {

struct TableKey {
  std::string key;  ///< table_key in SQL
  planner::TableName name;
};

/// The table of that name, found as SQL would find it; nothing when there is none.
[[nodiscard]] Result<std::optional<TableKey>> table_key(Connection& connection,
                                                        const planner::TableName& name);
/// The same; drift when there is none.
[[nodiscard]] Result<TableKey> require_table_key(Connection& connection,
                                                 const planner::TableName& name);

/// The rules of every table of the target that has or had some.
[[nodiscard]] Result<std::vector<planner::TableRules>> all_rules(Connection& connection,
                                                                 const std::string& target);

}  // namespace zdm::migrations
