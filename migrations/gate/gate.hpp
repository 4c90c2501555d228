#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "database/connection.hpp"
#include "files/project.hpp"
#include "gate/base.hpp"
#include "gate/check_sql.hpp"
#include "gate/finding.hpp"
#include "gate/inputs.hpp"

namespace zdm::migrations {

/// `zdm check`, and `zdm release cut` before it records anything.
struct GateRequest {
  const Config& config;
  std::string lock_path;
  InputRequest inputs;  ///< without paths: zdm's own migrations, and [gate] sql
  BaseRequest base;
  int postgres = 15;
  std::string cutting;  ///< the release about to be cut, or empty
  bool costs = false;   ///< tell what each statement costs
  /// A database that sharpens the verdict; none: nothing is known but the files.
  std::function<Result<std::unique_ptr<Connection>>()> open_database = {};
  bool postgres_given = false;  ///< by a flag: the database's own version does not matter
};

struct GateReport {
  std::string base;  ///< in words
  std::vector<planner::SqlFile> files;
  std::vector<planner::Finding> findings;  ///< suppressed ones too; by file, then place
  std::size_t statements = 0;
  std::size_t unanalysed = 0;
  std::vector<planner::StatementCost> costs;
  std::vector<planner::ReleaseEntry> entries;  ///< what zdm.lock would say of this checkout
};

/// Looks at everything that this checkout ships beyond what is running. Severities are those of
/// [gate.rules]. ErrorCode::usage, refused: what keeps it from looking.
[[nodiscard]] Result<GateReport> run_gate(const GateRequest& request);

/// What zdm.lock would say of this checkout, unlooked at.
[[nodiscard]] Result<std::vector<planner::ReleaseEntry>> entries_of_checkout(const Config& config);

}  // namespace zdm::migrations
