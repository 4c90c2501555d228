#pragma once

#include <string>

#include "recipes/index_words.hpp"
#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `create_index`: an index, built while everybody reads and writes.
struct CreateIndex {
  IndexWords index;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<CreateIndex> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
