#pragma once

#include <map>
#include <vector>

#include "execute/planning.hpp"

namespace zdm::migrations {

/// Plans several phases and migrations ahead without running any: each step's effect is applied to
/// a copy of the catalog and of the progress. A value: copy it to look further and come back.
class Forecast final {
 public:
  /// Reads what all of `migrations` need, in one snapshot.
  [[nodiscard]] static Result<Forecast> read(
      Session& session, const LedgerState& state,
      const std::vector<const planner::Migration*>& migrations);

  /// The next phase of a migration, as it would be planned then. Of its checks those are left that
  /// can be asked of the database as it stands.
  [[nodiscard]] Result<planner::Steps> plan(const planner::Migration& migration, Phase phase);
  [[nodiscard]] Result<planner::Steps> plan_undo(const planner::Migration& migration, Phase phase);
  /// A stored run: what is left of it happens next.
  void take(const planner::Migration& migration, Phase phase, const std::vector<StepRow>& rows);

 private:
  planner::Progress& progress_of(const MigrationId& id);
  void advance(const MigrationId& id, const planner::Step& step);

  planner::Catalog catalog_;
  planner::Catalog read_;  ///< as the database stands
  bool own_sql_ = false;   ///< authors' SQL comes first: it may make types that are not there yet
  std::map<MigrationId, planner::Progress> progress_;
  std::vector<planner::TableRules> rules_;  ///< of every migration, as forecast so far
};

}  // namespace zdm::migrations
