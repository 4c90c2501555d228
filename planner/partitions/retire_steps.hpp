#pragma once

#include <span>
#include <string>
#include <vector>

#include "partitions/policy.hpp"
#include "partitions/set_state.hpp"
#include "partitions/traits.hpp"

namespace zdm::planner {

/// A foreign key that stays with a partition when it is detached.
struct CopiedKey {
  std::string name;
  TableName references;
};

/// What must be known of a partition to let it go.
struct RetireFacts {
  std::vector<CopiedKey> keys;
  std::vector<TableName> referenced;   ///< by the set's foreign keys
  std::vector<TableName> referencing;  ///< whose foreign keys point at the set
};

/// DETACH … CONCURRENTLY is there: PostgreSQL 14, and no default partition.
[[nodiscard]] bool detaches_concurrently(const PartitionSet& set);

/// Takes the partition out of the set. Concurrently it is one statement outside of a transaction,
/// under no timeout of the server's: one that ends it midway leaves the partition pending.
[[nodiscard]] Step detach_step(const PartitionSet& set, const Partition& gone,
                               const RetireFacts& facts);
/// Ends a DETACH … CONCURRENTLY that was begun and not finished.
[[nodiscard]] Step finalize_step(const PartitionSet& set, const Partition& pending,
                                 const RetireFacts& facts);
/// DROP TABLE of these, in one statement, and DROP FOREIGN TABLE of those that are foreign: several
/// are dropped faster together.
[[nodiscard]] std::vector<std::string> drop_sql(std::span<const Partition> gone);
/// What becomes of a table that is detached: nothing, another schema, or its end. Each foreign key
/// first, in a transaction of its own, for it locks the table it references.
[[nodiscard]] std::vector<Step> expire_steps(const PartitionPolicy& policy, const Partition& gone,
                                             const RetireFacts& facts);

}  // namespace zdm::planner
