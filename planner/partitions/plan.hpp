#pragma once

#include <optional>
#include <string>
#include <vector>

#include "partitions/policy.hpp"
#include "partitions/set_state.hpp"

namespace zdm::planner {

/// A boundary between two periods of the policy, as the server computed it.
struct GridLine {
  std::int64_t name = 0;  ///< what partition_name() calls it by
  KeyValue value;
};

/// Where the policy's boundaries are, and where "now" is among them.
struct Grid {
  std::vector<GridLine> lines;     ///< rising; two that fall together are one
  KeyValue now;                    ///< of numbers: the largest one there is
  std::optional<KeyValue> cutoff;  ///< what ends at or before it is to go; nothing: keep all
};

/// The periods a grid must span: from the oldest hole that is to be filled to what lies ahead.
struct GridSpan {
  std::int64_t first = 0;
  std::int64_t last = 0;
};
/// `calendar` counts in `now`'s own line, civil or of instants; `cutoff` likewise. Holes may lie
/// two days beside, so far may civil time and UTC differ.
[[nodiscard]] GridSpan grid_span(const PartitionSet& set, const PartitionPolicy& policy,
                                 const Calendar& calendar, Micros now,
                                 std::optional<Micros> cutoff);
/// The grid of integers.
[[nodiscard]] Grid number_grid(const PartitionSet& set, const PartitionPolicy& policy,
                               std::int64_t current);

struct NewPartition {
  TableName name;
  Range range;
  std::string why;  ///< "the current range", "ahead", "fills a hole"
};

/// Why something is not done, or is to be looked at.
struct PartitionFinding {
  std::string code;  ///< "default-rows", "name-taken" …
  std::string message;
  std::string hint;
  bool refusal = false;   ///< something that the policy asks for is not done: exit 3
  std::int64_t rows = 0;  ///< of the default partition, where they are in the way
};

/// What is to be made.
struct Creation {
  std::vector<Orphan> attach;        ///< wanted again
  std::vector<NewPartition> create;  ///< in the order of their need
  std::vector<PartitionFinding> findings;
};
[[nodiscard]] Creation plan_creation(const PartitionSet& set, const PartitionPolicy& policy,
                                     const Grid& grid);

/// What is to go.
struct Retirement {
  std::vector<Partition> finalize;  ///< pending detaches, always first
  std::vector<Orphan> finish;       ///< to be dropped, archived or let go, as their partitions
  std::vector<Partition> retire;    ///< the oldest first
  std::vector<PartitionFinding> findings;
};
/// `coming`: ranges to be made before, where the set is not what it will be then. `may_drop_all`:
/// more than policy.max_drops were confirmed.
[[nodiscard]] Retirement plan_retirement(const PartitionSet& set, const PartitionPolicy& policy,
                                         const Grid& grid, const std::vector<Range>& coming,
                                         bool may_drop_all);

/// Up to where there is a partition without a break from `now` on; nothing: not even for now.
[[nodiscard]] std::optional<Bound> horizon(const PartitionSet& set, const KeyValue& now);
/// Between partitions, where rows have no place (or fall into the default partition).
[[nodiscard]] std::vector<Range> holes(const PartitionSet& set);

}  // namespace zdm::planner
