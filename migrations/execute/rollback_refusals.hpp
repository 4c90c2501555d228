#pragma once

#include <vector>

#include "execute/operations.hpp"
#include "execute/session.hpp"
#include "execute/state.hpp"
#include "model/migration.hpp"

/// What an undo is refused for before any phase of it is begun. ErrorCode::refused; nothing is
/// changed.
namespace zdm::migrations {

/// Undoing expand or backfill drops the new columns: nobody may stand on them (law 10).
[[nodiscard]] Result<void> refuse_builders(Session& session, const LedgerState& state,
                                           const planner::Migration& migration,
                                           const std::vector<Phase>& phases);

/// The tables, columns and views that are taken away would take along what later migrations made
/// of them (an index, a comment), which would still count as done.
[[nodiscard]] Result<void> refuse_later(Session& session, const LedgerState& state,
                                        const std::vector<planner::Migration>& migrations,
                                        const planner::Migration& migration,
                                        const std::vector<Phase>& phases);

/// Undoing backfill drops what the new shape holds: nothing may be there alone (law 4). Once the
/// rules are gone, the new columns are made anew already.
[[nodiscard]] Result<void> refuse_losses(Session& session, const planner::Migration& migration,
                                         const ProgressSink& tell);

}  // namespace zdm::migrations
