#pragma once

#include <cstdint>

#include "execute/planning.hpp"

namespace zdm::migrations {

/// Stores a new run of backfill for a migration whose correctable keys (`up`, `down` …) changed:
/// the trigger is composed from the corrected rules, the pass fills what is still empty, and all
/// rows are verified against the corrected expressions; rows already filled are never silently
/// filled again. Steps of the run before that do none of these and are done stay done. Returns the
/// run's id.
[[nodiscard]] Result<std::int64_t> store_amended(Session& session,
                                                 const planner::Migration& migration,
                                                 std::int64_t earlier_run,
                                                 const std::string& release);

}  // namespace zdm::migrations
