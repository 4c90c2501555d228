#pragma once

#include <string>
#include <utility>
#include <vector>

#include "database/connection.hpp"

namespace zdm::tests {

/// What both releases of an application do around one migration, or several in flight. In writes
/// `{n}` is a number not used before.
struct Case {
  std::string name;
  std::vector<migrations::Engine> engines;
  std::vector<std::string> setup;
  std::vector<std::string> migrations;  ///< TOML without `phase`; they travel together
  std::vector<std::string> old_writes;  ///< of the release that knows only the old shape
  std::vector<std::string> new_writes;  ///< of the one that knows only the new shape
  /// "table.column" whose NULLs a repair fills: the one change of old rows that is meant.
  std::vector<std::string> repaired;
  /// Asked after contract: a query and its first field.
  std::vector<std::pair<std::string, std::string>> finally = {};
  std::vector<std::string> allowed = {};  ///< --allow
  /// Tables and views that contract takes away, and nothing else does.
  std::vector<std::string> gone = {};
  /// What an undo of expand says it leaves behind: then the schema stays as expand made it.
  std::vector<std::string> kept = {};
  int since = 0;  ///< the first PostgreSQL that can be served; on older ones expand is refused
};

inline const std::vector<migrations::Engine> kBoth = {migrations::Engine::postgresql,
                                                      migrations::Engine::sqlite};
inline const std::vector<migrations::Engine> kPostgres = {migrations::Engine::postgresql};
inline const std::vector<migrations::Engine> kSqlite = {migrations::Engine::sqlite};

/// Every case, group by group; each group is a file.
[[nodiscard]] std::vector<Case> all_cases();

[[nodiscard]] std::vector<Case> rename_cases();     ///< rename_column and what hangs on a column
[[nodiscard]] std::vector<Case> replace_cases();    ///< change, split, merge
[[nodiscard]] std::vector<Case> column_cases();     ///< add_column, drop_column
[[nodiscard]] std::vector<Case> guarantee_cases();  ///< constraints, defaults, comments, indexes
[[nodiscard]] std::vector<Case> table_cases();      ///< tables of every sort, awkward names
[[nodiscard]] std::vector<Case> relation_cases();   ///< create_table, drop_table, rename_table
[[nodiscard]] std::vector<Case> view_cases();       ///< create_view, replace_view
[[nodiscard]] std::vector<Case> matview_cases();    ///< create_matview, replace_matview
[[nodiscard]] std::vector<Case> other_cases();      ///< add_enum_value, sql

}  // namespace zdm::tests
