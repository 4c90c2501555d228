#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/catalog.hpp"
#include "model/phase.hpp"
#include "sync/sync_rule.hpp"

namespace zdm::planner {

/// A column the ledger follows by identity, not by name (law 11).
struct RecordedColumn {
  std::size_t change = 0;
  std::string role;
  TableName table;
  std::uint32_t table_oid = 0;
  int attnum = 0;
  std::string name;
};

/// The rules installed on one table, of every migration in flight there.
struct TableRules {
  TableName table;
  std::uint32_t table_oid = 0;
  std::int64_t generation = 0;  ///< counts changes of the rules
  std::vector<SyncRule> rules;

  [[nodiscard]] bool has_any_of(const MigrationId& migration) const;
  /// By the oid; without a database by the name, whose schema may be left to the search path.
  [[nodiscard]] bool is_of(const TableName& name, std::uint32_t oid) const;
};

/// What the ledger recorded of a migration, as far as planning its next phase needs it.
struct Progress {
  std::optional<Phase> done;  ///< the last finished phase
  std::vector<RecordedColumn> columns;
  std::vector<TableRules> tables;
  /// The tables this migration names as they were just before its expand, so that undo can restore
  /// and contract can compare (SQLite's lifted NOT NULL, the old column's shape).
  std::vector<Table> before;

  [[nodiscard]] const RecordedColumn* column(std::size_t change, std::string_view role) const;
  [[nodiscard]] const TableRules* rules(const Table& table) const;
  [[nodiscard]] const Table* table_before(const TableName& name) const;
};

}  // namespace zdm::planner
