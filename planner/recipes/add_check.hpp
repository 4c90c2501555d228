#pragma once

#include <string>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `add_check`: every row meets a condition.
struct AddCheck {
  TableName table;
  std::string name;
  SqlText check;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<AddCheck> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
