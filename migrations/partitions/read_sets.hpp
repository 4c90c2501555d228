#pragma once

#include <optional>
#include <string>
#include <vector>

#include "database/connection.hpp"
#include "partitions/plan.hpp"

namespace zdm::migrations {

/// A set as it is, and the policy's boundaries around now; or why zdm does not serve it.
struct ReadSet {
  planner::PartitionSet set;
  planner::Grid grid;
  std::optional<Error> error;
};

struct SetsRequest {
  std::vector<planner::PartitionPolicy> policies;
  std::optional<std::string> now;  ///< instead of the server's clock
  std::string target;
  bool sizes = false;  ///< read those too; a table locked by others has none then
};

struct ReadSets {
  std::vector<ReadSet> sets;  ///< one for each policy
  planner::Micros now = 0;    ///< the instant, by the server's clock
};

/// Reads all of them in one snapshot, in as few queries as that takes. ErrorCode::usage for a
/// `now` that the server does not know; of a time zone it does not know, that is the set's error.
[[nodiscard]] Result<ReadSets> read_sets(Connection& connection, const SetsRequest& request);

}  // namespace zdm::migrations
