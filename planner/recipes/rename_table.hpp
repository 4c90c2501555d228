#pragma once

#include <string>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `rename_table`: a table gets another name, with a view under the name it does not have.
struct RenameTableChange {
  TableName from;
  TableName to;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<RenameTableChange> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
