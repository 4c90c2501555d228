#pragma once

#include <set>
#include <string>
#include <vector>

#include "gate/facts.hpp"
#include "gate/sql_file.hpp"
#include "model/catalog.hpp"

/// What a database, where one is asked, adds to the verdict: `zdm check --database`.
namespace zdm::planner {

/// Up to this size a scan, an index build or a rewrite is over before anyone notices.
inline constexpr std::int64_t kSmallTable = 1'048'576;  // bytes of heap, all partitions

/// The names by which statements can call the table: with its schema, and, where the search path
/// finds it, without.
[[nodiscard]] std::vector<TableName> spellings(const Catalog& catalog, const Table& table);

/// The tables as the statements that would have made them: columns with types and NOT NULL, valid
/// checks, unique indexes. Learnt as something that shipped.
[[nodiscard]] SqlFile as_shipped(const Catalog& catalog);

/// Tables that hold nothing, or next to nothing, under each spelling.
[[nodiscard]] std::set<TableName> small_tables(const Catalog& catalog);

/// What would break or vanish with it: "view app.active_users", for an effect that takes away a
/// table or column.
[[nodiscard]] std::vector<std::string> dependents_of(const Catalog& catalog,
                                                     const SqlEffect& effect);

/// The table whose size an effect's cost depends on.
[[nodiscard]] const TableName& sized_by(const SqlEffect& effect);
/// What this rule is about takes longer the larger the table is, and is harmless in a small one.
[[nodiscard]] bool grows_with_table(std::string_view rule);

/// The relations that files name, so far as they can be read.
[[nodiscard]] std::vector<TableName> named_in(const std::vector<SqlFile>& files);

}  // namespace zdm::planner
