#pragma once

#include <string>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `drop_not_null`: the column may hold NULL from now on.
struct DropNotNull {
  TableName table;
  std::string column;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<DropNotNull> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
