#pragma once

#include <string>
#include <vector>

#include "model/error.hpp"
#include "recipes/plan.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// Turns the fragments of all changes of one phase into its steps: sorted by slot, merged per slot
/// and table where one transaction is meant (law 9), sync SQL composed, guarded, and
/// numbered: "expand.1", "undo-expand.1" and so on.
[[nodiscard]] Result<std::vector<Step>> assemble(std::vector<Fragment> fragments, Phase phase,
                                                 bool undo, const Migration& migration,
                                                 const Catalog& catalog, const Progress& progress);

}  // namespace zdm::planner
