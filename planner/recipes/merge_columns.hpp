#pragma once

#include <string>
#include <utility>
#include <vector>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `merge_columns`: one new column takes the place of several.
struct MergeColumns {
  TableName table;
  std::vector<std::string> columns;
  std::string name;
  std::string type;
  std::vector<std::pair<std::string, SqlText>> down;  ///< old column → its value over the new row
  CommonKeys common;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<MergeColumns> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
