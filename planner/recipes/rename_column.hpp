#pragma once

#include <string>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `rename_column`: a new column beside the old, held equal until the old one is dropped.
struct RenameColumn {
  TableName table;
  std::string from;
  std::string to;
  CommonKeys common;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<RenameColumn> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
