#pragma once

#include <optional>
#include <string>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `change_column`: another type, under another name or the same one.
struct ChangeColumn {
  TableName table;
  std::string column;
  std::optional<std::string> name;
  std::optional<std::string> type;
  std::optional<std::string> compatible;  ///< why the running release can read the new type
  CommonKeys common;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<ChangeColumn> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
