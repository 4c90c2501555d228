#pragma once

#include "gate/facts.hpp"
#include "gate/history.hpp"

namespace zdm::planner {

/// The change of a column's type keeps every value readable by the running release, and the file of
/// the table as it is, so far as the old type is known.
[[nodiscard]] bool only_widens(const History& history, const SqlEffect& change);

/// The old type is not known, and there is one from which this is no more than a wider limit.
[[nodiscard]] bool may_widen(const History& history, const SqlEffect& change);

}  // namespace zdm::planner
