#pragma once

#include <string>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `replace_view`: a view with another query takes the place of the old one in one transaction.
struct ReplaceView {
  TableName name;
  SqlText query;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<ReplaceView> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
