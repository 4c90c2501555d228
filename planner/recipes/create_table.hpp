#pragma once

#include <optional>
#include <string>
#include <vector>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `create_table`: a new table.
struct CreateTable {
  struct ColumnWords {
    std::string name;
    std::string type;
    bool not_null = false;
    std::optional<SqlText> default_value;
    std::optional<std::string> identity;  ///< "always" or "by default"
    std::optional<SqlText> check;
    std::optional<std::string> comment;
  };
  TableName table;
  std::vector<ColumnWords> columns;
  std::vector<std::string> primary_key;
  std::vector<std::vector<std::string>> unique;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<CreateTable> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
