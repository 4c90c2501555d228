#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/catalog.hpp"
#include "sync/schedule.hpp"
#include "sync/sync_rule.hpp"

namespace zdm::planner {

/// The engine's half of compose_triggers(), for rules that passed check_rules().
[[nodiscard]] std::vector<std::string> compose_postgres_triggers(
    const Catalog& catalog, const Table& table, const std::vector<SyncRule>& installed,
    const std::vector<SyncRule>& rules, std::int64_t generation);
[[nodiscard]] std::vector<std::string> compose_sqlite_triggers(
    const Table& table, const std::vector<SyncRule>& installed, const std::vector<SyncRule>& rules);

/// The body of a trigger function of PostgreSQL, DECLARE to END (plpgsql).
[[nodiscard]] std::string postgres_body(const Table& table, const std::vector<SyncRule>& rules,
                                        SyncEvent event);

/// Whether a value of the column differs from another, byte for byte where equality says less than
/// that (citext, numeric scale, interval, a nondeterministic collation) or does not exist (json).
[[nodiscard]] std::string postgres_differs(const Table& table, const std::string& column,
                                           const std::string& left, const std::string& right);

/// The statements of a trigger's body that hold the shapes equal, and those that keep NOT NULL.
[[nodiscard]] std::vector<std::string> sqlite_body(const Table& table,
                                                   const std::vector<SyncRule>& rules,
                                                   SyncEvent event);
[[nodiscard]] std::vector<std::string> sqlite_not_null(const Table& table,
                                                       const std::vector<SyncRule>& rules);

/// `NEW.a IS NOT OLD.a`, or `… IS …` for `same`; by bytes where a text could compare otherwise.
[[nodiscard]] std::string sqlite_compare(const Table& table, const std::string& column,
                                         const std::string& left, std::string_view comparison,
                                         const std::string& right);

/// The row that fired the trigger: `rowid = NEW.rowid`, or by primary key.
[[nodiscard]] std::string sqlite_this_row(const Table& table);
/// The columns of the primary key; of WITHOUT ROWID tables all of them are NOT NULL.
[[nodiscard]] std::vector<std::string> sqlite_primary_key(const Table& table);
/// rowid, _rowid_ or oid, whichever no column hides; empty where all three are hidden.
[[nodiscard]] std::string sqlite_rowid(const Table& table);

/// 'text'. SQLite knows no escapes but the doubled quote.
[[nodiscard]] std::string sqlite_literal(std::string_view text);
/// The default as the column stores it: a comparison with NEW.column applies no affinity
/// (measured).
[[nodiscard]] std::string sqlite_stored_default(const Table& table, const SyncColumn& column);

}  // namespace zdm::planner
