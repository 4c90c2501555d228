#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "recipes/key_reader.hpp"
#include "recipes/recipe.hpp"

/// What the kinds that make views have in common. PostgreSQL unless said.
namespace zdm::planner::views {

/// Where an unqualified new name goes: the first schema of the search path.
[[nodiscard]] TableName placed(const Context& context, TableName name);

/// Owner and privileges of `like` for a view of these columns, and no others, whatever ALTER
/// DEFAULT PRIVILEGES gives: statements that follow its CREATE VIEW. Privileges on columns go to
/// those of the same name.
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

inline constexpr std::string_view kBeside = "_zdm_new", kAside = "_zdm_old";
/// The name of the new view while the old one has its own, and of the old one afterwards.
[[nodiscard]] TableName beside(const TableName& view);
[[nodiscard]] TableName aside(const TableName& view);
/// ErrorCode::refused while one of the two belongs to something else.
[[nodiscard]] Result<void> refuse_taken_beside(const Context& context, const TableName& view);

/// A view of this query as the catalog will have it: the columns, as far as it says them; `assumed`
/// where only the server knows them.
[[nodiscard]] Table shape_of(const SqlText& query, TableKind kind, const TableName& name);

/// ALTER VIEW … RENAME TO …, or ALTER MATERIALIZED VIEW.
[[nodiscard]] std::string rename(TableKind kind, const TableName& from, const TableName& to);

/// What of `old` the query lacks that takes its place: nothing where only the server knows.
[[nodiscard]] std::vector<std::string> lost_columns(const Table& old, const SqlText& query);
/// The same of the query that the view had.
[[nodiscard]] std::vector<std::string> lost_columns(const SqlText& old, const SqlText& query);
/// The warning that the running release reads columns that go or change type with the exchange, or
/// none. Before the new view is there, only its columns' names are known.
[[nodiscard]] std::optional<Warning> narrowed(const Context& context, const Table& old,
                                              const SqlText& query);
/// ErrorCode::refused where a view on it reads a column that the query lacks.
[[nodiscard]] Result<void> refuse_lost_below(const Context& context, const Table& old,
                                             const SqlText& query);

/// The names of a query's columns, where the query says them.
[[nodiscard]] std::optional<std::vector<std::string>> columns_of(const SqlText& query);

}  // namespace zdm::planner::views
