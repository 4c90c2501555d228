#pragma once

#include <string>
#include <vector>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

/// What the kinds that make views have in common. PostgreSQL unless said.
namespace zdm::planner::views {

/// Owner and privileges of `like` for a view of these columns: statements that follow its CREATE
/// VIEW. Privileges on columns go to those of the same name.
[[nodiscard]] std::vector<std::string> share(const Context& context, const TableName& view,
                                             const Table& like,
                                             const std::vector<std::string>& columns);

/// Comment, column comments and column defaults of `like`, in the same way.
[[nodiscard]] std::vector<std::string> describe(const TableName& view, const Table& like,
                                                const std::vector<std::string>& columns);

/// The tables and views a query reads, as the file names them. SQLite: none, it locks the file.
[[nodiscard]] std::vector<TableName> read_by(const SqlText& query);

/// ACCESS SHARE on what a query reads and the catalog knows.
[[nodiscard]] std::vector<LockClaim> claims_of(const Context& context, const SqlText& query);

/// The names of a query's columns, where the query says them.
[[nodiscard]] std::optional<std::vector<std::string>> columns_of(const SqlText& query);

}  // namespace zdm::planner::views
