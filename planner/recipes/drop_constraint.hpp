#pragma once

#include <string>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `drop_constraint`: a constraint goes: checks and foreign keys at once, unique ones when nobody
/// relies on them.
struct DropConstraintChange {
  TableName table;
  std::string name;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<DropConstraintChange> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
