#include "sync/pair.hpp"

#include <fmt/format.h>

#include "locks/claims.hpp"
#include "sql/quote.hpp"
#include "sync/compose.hpp"
#include "sync/names.hpp"
#include "sync/triggers.hpp"

namespace zdm::planner {
bool pair_is_per_leaf(const Catalog& catalog, const Table& table) {
  return table.kind == TableKind::partitioned && catalog.older_than(130000);
}

std::vector<LockClaim> pair_claims(const Catalog& catalog, const Table& table, bool replaced) {
  if (catalog.engine != Engine::postgresql) return {};
  const LockMode mode = replaced && catalog.older_than(140000) ? LockMode::access_exclusive
                                                               : LockMode::share_row_exclusive;
  Claims claims;
  if (!pair_is_per_leaf(catalog, table)) return claims.table(table, mode).list();
  for (const TableName& leaf : table.leaves) claims.add(leaf, mode);
  return claims.list();
}

namespace {

constexpr std::string_view kPastIt =
    "what was written past it may be in one shape only: zdm rollback MIGRATION --to expand, then "
    "apply backfill again: it installs the pair, fills, compares every row";

Guard postgres_guard(const Table& table) {
  return {
      // pg_partition_tree() would lock every partition.
      .query = fmt::format(R"(WITH RECURSIVE tree AS (
  SELECT {}::oid AS oid
  UNION ALL SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN tree ON i.inhparent = tree.oid)
SELECT NOT EXISTS (
  SELECT FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid
   WHERE c.relkind = 'r' AND 2 <> (
     SELECT count(*) FROM pg_catalog.pg_trigger t
      WHERE t.tgrelid = c.oid AND t.tgname IN ({}, {}) AND t.tgenabled IN ('O', 'A'))))",
                           table.oid, quote_literal(kSyncInsertTrigger),
                           quote_literal(kSyncUpdateTrigger)),
      .message = fmt::format("the trigger pair {}, {} does not stand enabled on {}{}",
                             kSyncInsertTrigger, kSyncUpdateTrigger, quote(table.name),
                             table.kind == TableKind::partitioned ? " and all its partitions" : ""),
      .hint = std::string(kPastIt)};
}

/// By what every trigger of ours names and how it is called: it keeps its name when the table gets
/// another. A table that was made anew has lost them.
Guard sqlite_guard(const Table& table) {
  return {
      .query = fmt::format(R"(SELECT count(DISTINCT substr(name, -7)) = 2 FROM sqlite_schema
 WHERE type = 'trigger' AND tbl_name = {} COLLATE NOCASE AND substr(name, 1, {}) = '{}'
   AND substr(name, -7) IN ('_insert', '_update') AND instr(sql, 'zdm_guard') > 0)",
                           sqlite_literal(table.name.name), kTriggerPrefix.size(), kTriggerPrefix),
      .message = fmt::format("the trigger pair {}, {} does not stand as zdm made it on {}",
                             sqlite_trigger(table, SyncEvent::insert),
                             sqlite_trigger(table, SyncEvent::update), quote(table.name)),
      .hint = std::string(kPastIt)};
}

}  // namespace

std::optional<Guard> pair_guard(const Catalog& catalog, const Table& table) {
  if (catalog.assumed || table.assumed) return {};
  if (catalog.engine == Engine::sqlite) return sqlite_guard(table);
  if (table.oid == 0) return {};
  return postgres_guard(table);
}

}  // namespace zdm::planner
