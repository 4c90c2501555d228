#pragma once

#include <string>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `set_not_null`: the column holds no NULL any more.
struct SetNotNull {
  TableName table;
  std::string column;
  CommonKeys common;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<SetNotNull> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
