#pragma once

#include <string>
#include <vector>

#include "model/catalog.hpp"
#include "sync/sync_rule.hpp"

namespace zdm::planner {

/// What fires a trigger of the pair.
enum class SyncEvent { insert, update };

/// "insert" or "update".
[[nodiscard]] std::string_view to_string(SyncEvent event);

/// zdm.sync_<oid>_insert: by oid, so that a rename of the table does not orphan it.
[[nodiscard]] std::string sync_function(const Table& table, SyncEvent event);

/// The trigger of the pair on PostgreSQL: one name for every table (law 2).
[[nodiscard]] std::string_view postgres_trigger(SyncEvent event);

/// The trigger of the pair on SQLite, where trigger names belong to the whole database.
[[nodiscard]] std::string sqlite_trigger(const Table& table, SyncEvent event);

/// What the names of all our triggers begin with: it sorts last (law 2).
inline constexpr std::string_view kTriggerPrefix = "zzz_zdm_";

/// The column, with SQLite's indifference to ASCII case; nullptr when the snapshot has none.
[[nodiscard]] const Column* find_column(Engine engine, const Table& table, std::string_view name);

/// How messages and comments name a rule: "0007_full_name, change 1". On one line, whatever the id.
[[nodiscard]] std::string rule_label(const SyncRule& rule);

/// The migrations of the rules, each once, in order: "0007_full_name, 0009_split".
[[nodiscard]] std::string migration_list(const std::vector<SyncRule>& rules);

/// `(expression)` that a trailing comment of the author cannot leave open.
[[nodiscard]] std::string in_brackets(const std::string& expression);

/// The parts with a separator between them.
[[nodiscard]] std::string join(const std::vector<std::string>& parts, std::string_view separator);

}  // namespace zdm::planner
