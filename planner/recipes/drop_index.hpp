#pragma once

#include <string>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `drop_index`: an index goes, while everybody reads and writes.
struct DropIndexChange {
  TableName name;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<DropIndexChange> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
