#pragma once

#include <vector>

#include "files/project.hpp"
#include "partitions/policy.hpp"

namespace zdm::migrations {

/// The [partition."…"] tables as policies. ErrorCode::usage where one says what cannot be.
[[nodiscard]] Result<std::vector<planner::PartitionPolicy>> partition_policies(
    const std::vector<NamedTable>& tables);

}  // namespace zdm::migrations
