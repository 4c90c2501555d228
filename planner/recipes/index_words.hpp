#pragma once

#include <optional>
#include <string>
#include <vector>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

namespace zdm::planner {

/// The keys of an index: create_index and replace_index.
struct IndexWords {
  TableName table;
  std::string name;
  std::vector<SqlText> columns;  ///< "email", "lower(email) desc"
  bool unique = false;
  std::string method = "btree";
  std::vector<std::string> include;
  std::optional<SqlText> where;
  std::optional<std::string> with;  ///< storage parameters: "fillfactor = 70"
};

[[nodiscard]] Result<IndexWords> decode_index(KeyReader& keys);
/// The same without `table`, which is said elsewhere.
[[nodiscard]] Result<IndexWords> decode_index_of(KeyReader& keys, TableName table);

/// The index as the catalog will have it, with its CREATE INDEX in `definition`; refused where the
/// table has one of that name.
[[nodiscard]] Result<Index> index_of(const Context& context, const Table& table,
                                     const IndexWords& words);

/// Refused: a table partitioned on more than one level, whose indexes would have to be attached
/// level by level.
[[nodiscard]] Result<void> refuse_levels(const Context& context, const Table& table);

/// The fragments that build it in expand.
[[nodiscard]] std::vector<Fragment> build(const Context& context, const Table& table,
                                          const Index& index);

/// The fragment that drops one: CONCURRENTLY on PostgreSQL.
[[nodiscard]] Fragment drop(const Context& context, const Table& table, const Index& index);

}  // namespace zdm::planner
