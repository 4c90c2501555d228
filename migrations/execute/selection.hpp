#pragma once

#include <optional>
#include <string>
#include <vector>

#include "execute/operations.hpp"
#include "execute/release_rules.hpp"
#include "execute/state.hpp"

namespace zdm::migrations {

/// What apply was asked for.
struct ApplyRequest {
  const std::vector<planner::Migration>& migrations;  ///< in natural order
  const std::vector<std::string>& cut_releases;
  const ApplyOptions& options;
  bool assume_live = false;
};

[[nodiscard]] ReleaseJudge judge_of(const ApplyRequest& request, const LedgerState& state);

/// What is to be done with one migration, as far as it can be said before the first phase runs.
struct Choice {
  std::vector<Phase> phases;     ///< in order; the release rules are asked when each is reached
  std::optional<Phase> skipped;  ///< the phase it would have been
  std::string reason;            ///< why it is passed by; empty: nothing to do
};
[[nodiscard]] Choice choose(const ApplyRequest& request, const LedgerState& state,
                            const planner::Migration& migration);

/// All that must hold before anything runs: the names exist, no applied file changed (drift), no
/// rollback was left half-done, a named phase follows the one before it, the checkout is not older
/// than the database may stand.
[[nodiscard]] Result<void> check_before(const ApplyRequest& request, const LedgerState& state);

/// Keys that may be corrected (`up`, `down` …) differ from what this database saw last.
[[nodiscard]] bool is_amended(const LedgerState& state, const planner::Migration& migration);

/// Unknown names: ErrorCode::usage.
[[nodiscard]] Result<void> check_names(const std::vector<planner::Migration>& migrations,
                                       const std::vector<MigrationId>& names);

/// Checksums of the files against those applied: ErrorCode::drift.
[[nodiscard]] Result<void> check_drift(const std::vector<planner::Migration>& migrations,
                                       const LedgerState& state);

[[nodiscard]] const planner::Migration* find_migration(
    const std::vector<planner::Migration>& migrations, const MigrationId& id);

[[nodiscard]] bool is_selected(const std::vector<MigrationId>& only, const MigrationId& id);

}  // namespace zdm::migrations
