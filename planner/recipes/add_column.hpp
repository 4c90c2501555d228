#pragma once

#include <optional>
#include <string>

#include "recipes/foreign_key_words.hpp"
#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `add_column`: a new column, complete and guaranteed before the next release reads it.
struct AddColumn {
  TableName table;
  std::string name;
  std::string type;
  std::optional<SqlText> default_value;
  bool not_null = false;
  std::optional<SqlText> check;
  bool unique = false;
  std::optional<ForeignKeyTarget> references;
  std::optional<std::string> comment;
  CommonKeys common;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<AddColumn> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
