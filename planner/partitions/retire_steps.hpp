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
/// Ends the foreign keys that stay with a detached table which is dropped next: each step is a
/// transaction of its own, for it locks the table that the key references.
[[nodiscard]] std::vector<Step> drop_key_steps(const PartitionPolicy& policy, const Partition& gone,
                                               const RetireFacts& facts);
/// What becomes of detached tables, in one transaction: another schema, or their end. No SQL where
/// they are left as they are.
[[nodiscard]] Step expire_step(const PartitionPolicy& policy, std::span<const Partition> gone);

}  // namespace zdm::planner
