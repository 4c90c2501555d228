#pragma once

#include <array>
#include <map>
#include <vector>

#include "gate/finding.hpp"
#include "model/migration.hpp"
#include "release/entry.hpp"

/// The release rules over zdm's own migrations: what this checkout takes further than the release
/// that runs. zdm-check(1), "RELEASES".
namespace zdm::planner {

/// For each phase, whether a migration does anything in it.
using PhasesWithWork = std::array<bool, 4>;

struct Shipment {
  const std::vector<Migration>& migrations;
  const Base& base;
  /// By id; one that is not there has work in all.
  std::map<MigrationId, PhasesWithWork> work = {};
  bool every_apart = false;  ///< [gate] apart = "every"
};

[[nodiscard]] std::vector<Finding> check_shipment(const Shipment& shipment);

/// Names that base's migrations retired, each with the migration.
[[nodiscard]] std::map<std::vector<std::string>, std::string> retired_by(
    const std::vector<Migration>& migrations, const Base& base);

/// The phase that base has shipped; nothing: none of it.
[[nodiscard]] std::optional<Phase> shipped_phase(const Migration& migration, const Base& base);

}  // namespace zdm::planner
