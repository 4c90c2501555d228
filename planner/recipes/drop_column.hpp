#pragma once

#include <string>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `drop_column`: a column goes, after the release that stopped using it.
struct DropColumnChange {
  TableName table;
  std::string column;
  CommonKeys common;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<DropColumnChange> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
