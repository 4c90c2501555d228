#pragma once

#include <string>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `set_default`: another default for new rows; existing rows keep their values.
struct SetDefault {
  TableName table;
  std::string column;
  SqlText value;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<SetDefault> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
