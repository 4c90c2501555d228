#pragma once

#include <string>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `drop_table`: a table goes, after the release that stopped using it.
struct DropTableChange {
  TableName table;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<DropTableChange> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] static Result<Recipe> undo(const Context& context);  // before contract, nothing
};

}  // namespace zdm::planner
