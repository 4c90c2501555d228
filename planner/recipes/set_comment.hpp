#pragma once

#include <optional>
#include <string>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `set_comment`: the comment of a table or a column.
struct SetComment {
  TableName table;
  std::optional<std::string> column;
  std::string comment;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<SetComment> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
