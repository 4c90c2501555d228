#pragma once

#include <string>
#include <vector>

#include "model/error.hpp"
#include "partitions/policy.hpp"

namespace zdm::planner {

inline constexpr std::string_view kDefaultNamePattern = "{table}_{range}";

/// The pattern is one that can tell partitions apart. ErrorCode::usage otherwise, saying what it
/// may hold.
[[nodiscard]] Result<void> check_name_pattern(std::string_view pattern);

/// The name of a partition that begins at `start`, which is civil time, for hours UTC (an hour that
/// comes twice when the clock is turned back has two names), or a number. Within 63 bytes, and none
/// of `taken`.
[[nodiscard]] std::string partition_name(const PartitionPolicy& policy, std::int64_t start,
                                         const std::vector<std::string>& taken);

}  // namespace zdm::planner
