#pragma once

#include <string>
#include <vector>

#include "recipes/foreign_key_words.hpp"
#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `add_foreign_key`: every value refers to a row of another table.
struct AddForeignKey {
  TableName table;
  std::string name;
  std::vector<std::string> columns;
  ForeignKeyTarget references;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<AddForeignKey> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
