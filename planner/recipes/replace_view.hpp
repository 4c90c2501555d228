#pragma once

#include <optional>
#include <string>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `replace_view`: a view with another query takes the place of the old one in one transaction.
struct ReplaceView {
  TableName name;
  SqlText query;
  std::optional<std::string> compatible;

  [[nodiscard]] static const KindInfo& info();
  [[nodiscard]] static Result<ReplaceView> decode(KeyReader& keys);
  [[nodiscard]] CatalogRequest needs() const;
  [[nodiscard]] Result<Recipe> plan(const Context& context) const;
  [[nodiscard]] Result<Recipe> undo(const Context& context) const;

 private:
  [[nodiscard]] Result<Recipe> plan_on_sqlite(const Context& context, const Table& view) const;
  [[nodiscard]] Result<Recipe> plan_on_postgres(const Context& context, const Table& view) const;
  /// The new view, beside the old.
  [[nodiscard]] Fragment make(const Context& context, const Table& view) const;
  [[nodiscard]] Recipe make_and_exchange(const Context& context, const Table& view) const;
};

}  // namespace zdm::planner
