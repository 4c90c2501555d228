#pragma once

#include <optional>
#include <vector>

#include "database/connection.hpp"
#include "partitions/plan.hpp"
#include "partitions/retire_steps.hpp"

namespace zdm::migrations {

/// A partition that is to go, with what must be known for that.
struct Leaving {
  planner::Partition partition;
  planner::RetireFacts facts;
  /// What speaks against it: something depends on it, others reference its rows, a foreign key has
  /// no index, the archive is not there. Nothing: it may go.
  std::optional<planner::PartitionFinding> against;
};

/// In as many queries for a hundred as for one, but for rows that others reference.
[[nodiscard]] Result<std::vector<Leaving>> read_leaving(
    Connection& connection, const planner::PartitionSet& set,
    const planner::PartitionPolicy& policy, const std::vector<planner::Partition>& gone);

}  // namespace zdm::migrations
