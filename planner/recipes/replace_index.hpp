#pragma once

#include <string>

#include "recipes/index_words.hpp"
#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `replace_index`: an index takes the place of another.
struct ReplaceIndex {
  TableName from;
  IndexWords index;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<ReplaceIndex> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
