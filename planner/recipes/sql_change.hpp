#pragma once

#include <optional>
#include <string>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `sql`: the author's own statements, phase by phase.
struct SqlChange {
  std::optional<SqlText> expand, backfill, switch_, contract;
  std::optional<SqlText> undo_expand, undo_backfill, undo_switch;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<SqlChange> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
