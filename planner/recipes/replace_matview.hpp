#pragma once

#include <optional>
#include <string>

#include "recipes/matview_words.hpp"

namespace zdm::planner {

/// `replace_matview`: a materialized view with another query takes the place of the old one in one
/// short transaction.
struct ReplaceMatview {
  matviews::Words view;
  std::optional<std::string> compatible;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<ReplaceMatview> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
