#pragma once

#include <string>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `drop_default`: no default any more, once nobody relies on it.
struct DropDefault {
  TableName table;
  std::string column;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<DropDefault> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
