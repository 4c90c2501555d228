#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "database/connection.hpp"
#include "model/names.hpp"
#include "model/step.hpp"

namespace zdm::migrations {

/// A relation that holds rows of the table: the table itself, a leaf partition, an inheritance
/// child.
struct Leaf {
  std::uint32_t oid = 0;
  planner::TableName name;
  bool filled_is_indexed = false;  ///< an index reads a column that is filled: no update can be HOT
  bool subscribed = false;         ///< target of a subscription: the trigger must be ENABLE ALWAYS
  double rows = 0;                 ///< estimate
};

/// The file a leaf is in, and how far it reaches. A rewrite (VACUUM FULL, CLUSTER, TRUNCATE, a
/// rewriting ALTER TABLE) gives it another filenode and moves its rows.
struct Extent {
  std::uint32_t filenode = 0;
  std::int64_t blocks = 0;
};

/// The table's oid; ErrorCode::drift when there is none of that name.
[[nodiscard]] Result<std::uint32_t> table_oid(Connection& connection,
                                              const planner::TableName& table);
/// Every leaf below the table as of now. Refused: one of them is a foreign table.
[[nodiscard]] Result<std::vector<Leaf>> leaves_of(Connection& connection, std::uint32_t root,
                                                  const std::vector<planner::Fill>& fills);
/// Read in a transaction that began after the trigger's committed, under the lock that a rewrite
/// conflicts with (pg_relation_size, never pg_class.relpages). 55P03 while a rewrite is going on.
[[nodiscard]] Result<Extent> extent_of(Connection& connection, const Leaf& leaf);

/// The user's own triggers that an UPDATE of the filled columns would fire on these leaves, as
/// "app.users: audit" each (law 3).
[[nodiscard]] Result<std::vector<std::string>> firing_triggers(
    Connection& connection, std::uint32_t root, const std::vector<planner::Fill>& fills);

/// The rules that would rewrite an UPDATE of these leaves, as "app.users: copy" each: PostgreSQL
/// manual, 41.4, and ALTER TABLE … ENABLE REPLICA RULE for those that a session fires which skips.
[[nodiscard]] Result<std::vector<std::string>> rewriting_rules(Connection& connection,
                                                               std::uint32_t root,
                                                               planner::UserTriggers chosen);

/// Foreign keys whose referencing side is filled, which a replica role would not check.
[[nodiscard]] Result<std::vector<std::string>> foreign_keys_on(
    Connection& connection, std::uint32_t root, const std::vector<planner::Fill>& fills);

}  // namespace zdm::migrations
