#pragma once

#include "recipes/matview_words.hpp"

namespace zdm::planner {

/// `create_matview`: a new materialized view, indexed and filled.
struct CreateMatview {
  matviews::Words view;
  bool with_data = true;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<CreateMatview> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;
};

}  // namespace zdm::planner
