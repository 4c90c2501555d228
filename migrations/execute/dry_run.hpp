#pragma once

#include "execute/selection.hpp"
#include "execute/session.hpp"

namespace zdm::migrations {

/// What apply would do, and nothing of it: fills the report with the statements that would run
/// against the application's objects, in order. The ledger's own statements, BEGIN and COMMIT,
/// settings, and the batches of a backfill (which depend on the rows) are left out.
[[nodiscard]] Result<void> dry_apply(Session& session, const ApplyRequest& request,
                                     LedgerState state, ApplyReport& report);

/// Appends the statements and the steps to the report.
void show_steps(const std::vector<planner::Step>& steps, MigrationReport& report);

}  // namespace zdm::migrations
