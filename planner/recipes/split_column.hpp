#pragma once

#include <string>
#include <vector>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `split_column`: several new columns take the place of one.
struct SplitColumn {
  struct Part {
    std::string name;
    std::string type;
    SqlText up;
  };
  TableName table;
  std::string column;
  std::vector<Part> parts;
  CommonKeys common;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<SplitColumn> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
