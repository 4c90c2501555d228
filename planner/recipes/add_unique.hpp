#pragma once

#include <string>
#include <vector>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `add_unique`: no two rows agree in these columns.
struct AddUnique {
  TableName table;
  std::string name;
  std::vector<std::string> columns;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<AddUnique> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
