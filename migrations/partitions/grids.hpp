#pragma once

#include <string>
#include <vector>

#include "partitions/read_sets.hpp"

namespace zdm::migrations {

/// Now, and the policy's anchor, as the server writes them in UTC.
struct SetClock {
  std::string instant;
  std::string civil;   ///< now, on a clock of the policy's time zone
  std::string anchor;  ///< the instant of the anchor in that zone
};

/// Fills in the grids. Which instant a time of a zone is, the server says: its time zones are the
/// ones that count, and all boundaries of all sets are one query. Numbers begin at the largest one
/// that is there.
[[nodiscard]] Result<void> read_grids(Connection& connection,
                                      const std::vector<planner::PartitionPolicy>& policies,
                                      const std::vector<SetClock>& clocks,
                                      std::vector<ReadSet>& sets);

}  // namespace zdm::migrations
