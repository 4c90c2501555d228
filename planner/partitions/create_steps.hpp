#pragma once

#include <vector>

#include "partitions/plan.hpp"
#include "partitions/traits.hpp"

namespace zdm::planner {

/// Makes the partition beside the set and attaches it, in one transaction: whoever is killed
/// leaves nothing. The set is locked in SHARE UPDATE EXCLUSIVE mode, which readers and writers do
/// not meet, and only from ATTACH on. A default partition is first proven, in transactions of their
/// own, to hold no row of the range: ATTACH would read it under ACCESS EXCLUSIVE.
[[nodiscard]] std::vector<Step> create_steps(const PartitionSet& set, const NewPartition& made,
                                             const ChildTraits& traits);

/// Attaches a table again that has the rows of its range.
[[nodiscard]] std::vector<Step> attach_steps(const PartitionSet& set, const Partition& table,
                                             const ChildTraits& traits);

/// Takes away from the default partition what a killed run left there: its CHECK rejects rows.
[[nodiscard]] Step drop_default_check(const PartitionSet& set, const std::string& check);

/// The rows of a range that a table holds: SQL text of a condition.
[[nodiscard]] std::string in_range_sql(const PartitionSet& set, const Range& range);

}  // namespace zdm::planner
