#pragma once

#include <vector>

#include "gate/release_rules.hpp"
#include "gate/sql_file.hpp"
#include "model/migration.hpp"

namespace zdm::migrations {

/// What zdm's own migrations send to the server, as the gate reads SQL.
struct OwnSql {
  std::vector<planner::SqlFile> shipped;  ///< in phases that base has done
  std::vector<planner::SqlFile> head;     ///< in the phases this release ships
  std::map<planner::MigrationId, planner::PhasesWithWork> work;
};

/// Plans each migration without a database. What the author wrote (`sql`) keeps its places; what
/// zdm planned stands where the migration's first change does. ErrorCode::usage, refused: a
/// migration that no database could carry out.
[[nodiscard]] planner::Result<OwnSql> plan_own(planner::Engine engine,
                                               const std::vector<planner::Migration>& migrations,
                                               const planner::Base& base);

/// A finding for each text of an author that the gate cannot read: SQL of SQLite.
[[nodiscard]] std::vector<planner::Finding> unread_texts(
    const std::vector<planner::SqlFile>& files);

}  // namespace zdm::migrations
