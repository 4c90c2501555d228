#pragma once

#include <vector>

#include "model/catalog.hpp"
#include "model/error.hpp"
#include "sync/sync_rule.hpp"

namespace zdm::planner {

/// Refuses what compose_triggers() says it refuses; everything is named.
[[nodiscard]] Result<void> check_rules(const Catalog& catalog, const Table& table,
                                       const std::vector<SyncRule>& rules);

}  // namespace zdm::planner
