#pragma once

#include <string>
#include <vector>

#include "execute/state.hpp"
#include "model/migration.hpp"
#include "release/rules.hpp"

namespace zdm::migrations {

/// Puts the release rules (release/rules.hpp) the questions of one moment, with what the ledger,
/// the files and zdm.lock say. A value of that moment: make it anew when the ledger changed.
class ReleaseJudge {
 public:
  struct Facts {
    const LedgerState& state;
    const std::vector<planner::Migration>& migrations;
    const std::vector<std::string>& cut;  ///< zdm.lock, oldest first
    bool assume_live = false;
    std::string deploying;  ///< empty: none
  };
  explicit ReleaseJudge(const Facts& facts);

  /// Contract; backfill where the application writes both shapes; switch where the running code
  /// must meet a constraint. Every other phase may start at any time.
  [[nodiscard]] planner::Verdict may_start(const planner::Migration& migration, Phase phase,
                                           planner::Asked asked) const;
  [[nodiscard]] planner::Verdict may_undo(const MigrationId& id, Phase phase, bool allowed) const;
  /// Whether the files are not older than the database may stand.
  [[nodiscard]] planner::Verdict may_apply_checkout() const;
  [[nodiscard]] planner::Verdict may_run(const std::string& release) const;

  [[nodiscard]] const planner::Floor& floor() const { return floor_; }
  /// The newest live release; empty when none is.
  [[nodiscard]] std::string newest_live() const;
  [[nodiscard]] bool knows(const std::string& release) const { return releases_.knows(release); }

 private:
  Facts facts_;
  planner::Releases releases_;
  planner::Floor floor_;
};

}  // namespace zdm::migrations
