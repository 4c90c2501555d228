#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/catalog.hpp"
#include "model/error.hpp"
#include "sync/sync_rule.hpp"

namespace zdm::planner {

/// The names of zdm's trigger pair; they sort after any reasonable name (law 2).
inline constexpr std::string_view kSyncInsertTrigger = "zzz_zdm_sync_insert";
inline constexpr std::string_view kSyncUpdateTrigger = "zzz_zdm_sync_update";

/// The value that the transaction-local setting `zdm.backfill` has while a batch writes the table
/// (PostgreSQL): "<table oid>:<generation>". The trigger honours no other (law 3).
[[nodiscard]] std::string backfill_token(std::uint32_t table_oid, std::int64_t generation);

/// SQLite's counterpart: the first and last statement of a batch's own transaction. Between them
/// our triggers keep quiet on this table. No other connection can ever see the row (law 3).
[[nodiscard]] std::string sqlite_guard_enter(const TableName& table);
[[nodiscard]] std::string sqlite_guard_leave(const TableName& table);

/// The whole of a table's trigger pair, written anew: what removes the pair installed now (if any),
/// and what installs the one for `rules` (nothing when there are none). `search_path` is pinned on
/// the functions. All statements belong in one transaction.
///
/// PostgreSQL: functions zdm.sync_<oid>_insert/_update and BEFORE ROW triggers (per leaf on 12;
/// ENABLE ALWAYS on a subscription's target). SQLite: AFTER triggers, which rely on the guard table
/// zdm_guard(table_name TEXT PRIMARY KEY) of the ledger.
///
/// What it cannot know: SQLite gives a new column its default at contract only (rows that ADD
/// COLUMN left short would read it), so an INSERT of NULL into it is not told from one that leaves
/// it out. When a two-way expression reads a column of neither side and only that column changes,
/// nothing is computed, for nothing says which side the writer meant. SQLite: on_error has no
/// effect, for its expressions yield NULL where PostgreSQL's fail; RETURNING shows the row before
/// the triggers; with recursive_triggers off (the default) a user's trigger that is fired by our
/// UPDATE trigger's own write, and updates other rows of the same table, does so past it.
///
/// Refused (ErrorCode::refused): a table with plain inheritance children; a user's BEFORE ROW
/// trigger that sorts after ours; an expression with a subquery, or one that reads a generated
/// column (PostgreSQL: it is NULL in a BEFORE trigger); two rules that write one column in one
/// direction; a side whose volatile default hides whether it was given; SQLite: a rule that writes
/// the primary key.
[[nodiscard]] Result<std::vector<std::string>> compose_triggers(
    const Catalog& catalog, const Table& table, const std::vector<SyncRule>& installed,
    const std::vector<SyncRule>& rules, std::int64_t generation);

/// SET list and predicate of the one UPDATE that fills several changes in one pass:
/// `SET a = …, b = … WHERE <range> AND (<predicate>)`. Only rows with something to fill match.
struct FillSql {
  std::string set;
  std::string predicate;
};
[[nodiscard]] FillSql compose_fill(Engine engine, const std::vector<Fill>& fills);

/// What is there after the comparison: both shapes, or one without the other.
enum class Shapes { both, new_alone, old_alone };

/// Rows that are wrong (law 4): new NULL while up(old) is not; or new <> up(old) and old <>
/// down(new). Where the old shape goes, those too whose value goes with it: new NULL, old not, and
/// old <> down(NULL). Where the new shape goes, those whose value goes with it: new not NULL and <>
/// up(old), and old either <> down(new) or NULL. Empty: no row can be.
[[nodiscard]] std::string compose_divergence(Engine engine, const std::vector<Fill>& fills,
                                             Shapes after = Shapes::both);

}  // namespace zdm::planner
