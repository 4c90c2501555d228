#pragma once

#include <string_view>
#include <vector>

#include "gate/facts.hpp"
#include "model/step.hpp"

namespace zdm::planner {

enum class Certainty { no, maybe, yes };

/// "no", "maybe", "yes".
[[nodiscard]] std::string_view to_string(Certainty certainty);

/// What an effect costs a database that is in use. Indexes and partitions are left out: their names
/// are not in the statement.
struct SqlCost {
  std::vector<LockClaim> locks;  ///< sorted by relation
  Certainty rewrites = Certainty::no;
  Certainty scans = Certainty::no;
};

/// As measured on PostgreSQL 12 to 18; a test holds it against the rows of
/// tests/unit/gate/lock_matrix.json.
[[nodiscard]] SqlCost cost_of(const SqlEffect& effect, int postgres);

}  // namespace zdm::planner
