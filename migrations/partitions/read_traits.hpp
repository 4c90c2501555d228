#pragma once

#include <vector>

#include "database/connection.hpp"
#include "partitions/plan.hpp"
#include "partitions/traits.hpp"

namespace zdm::migrations {

/// What a new partition of the set gets from its newest one and from its parent. `findings` tells
/// what is not carried over. ErrorCode::refused where none can be made like the others.
[[nodiscard]] Result<planner::ChildTraits> read_traits(
    Connection& connection, const planner::PartitionSet& set,
    const planner::PartitionPolicy& policy, std::vector<planner::PartitionFinding>& findings);

/// Which of the new partitions cannot be made: the name is another table's, or the default
/// partition holds rows of the range. Those are taken out of `made`.
[[nodiscard]] Result<std::vector<planner::PartitionFinding>> refuse_unmakable(
    Connection& connection, const planner::PartitionSet& set,
    std::vector<planner::NewPartition>& made);

}  // namespace zdm::migrations
