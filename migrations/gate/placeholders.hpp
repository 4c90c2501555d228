#pragma once

#include <span>
#include <string_view>

#include "gate/finding.hpp"

namespace zdm::migrations {

/// A ${placeholder} of Flyway was read as a name of the same length, __placeholder_: people are
/// shown what stands in their file.
void restore_placeholders(std::string_view bytes, std::span<planner::Finding> findings);

}  // namespace zdm::migrations
