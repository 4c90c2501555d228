#pragma once

#include <string>
#include <vector>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// `references = {table, columns, on_delete, on_update}`.
struct ForeignKeyTarget {
  TableName table;
  std::vector<std::string> columns;  ///< empty: the referenced table's primary key
  std::string on_delete;             ///< "cascade", "restrict", "set null", "set default", or empty
  std::string on_update;
};

[[nodiscard]] Result<ForeignKeyTarget> decode_foreign_key(KeyReader& keys);

/// "REFERENCES app.users (id) ON DELETE CASCADE".
[[nodiscard]] std::string references_sql(const ForeignKeyTarget& target);

/// The constraint as the catalog will have it. The referenced table must exist.
[[nodiscard]] Result<Constraint> foreign_key(const Context& context, const Table& table,
                                             const std::string& name,
                                             const std::vector<std::string>& columns,
                                             const ForeignKeyTarget& target);

}  // namespace zdm::planner
