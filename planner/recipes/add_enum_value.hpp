#pragma once

#include <optional>
#include <string>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `add_enum_value`: one more value of an enum type.
struct AddEnumValue {
  TableName type;
  std::string value;
  std::optional<std::string> before;
  std::optional<std::string> after;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<AddEnumValue> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
