#pragma once

#include "database/catalog/sqlite_text.hpp"
#include "database/connection.hpp"
#include "model/catalog.hpp"

/// The parts of reading one table of SQLite: the pragmas, and the text of CREATE where they are
/// silent.
namespace zdm::migrations {

[[nodiscard]] Result<void> read_sqlite_columns(Connection& connection,
                                               const SqlStatement& statement,
                                               planner::Table& table);
[[nodiscard]] Result<void> read_sqlite_indexes(Connection& connection, planner::Table& table);
/// After the indexes, which back some of them.
[[nodiscard]] Result<void> read_sqlite_constraints(Connection& connection,
                                                   const SqlStatement& statement,
                                                   planner::Table& table);
/// Triggers, and views, triggers and generated columns whose text names the table or its columns.
[[nodiscard]] Result<void> read_sqlite_dependents(Connection& connection, planner::Table& table);

/// The columns of a table that a text names, ascending.
[[nodiscard]] std::vector<int> columns_in(std::string_view text, const planner::Table& table);

/// NOCASE stays NOCASE: SQLite's collations are written in capitals and found in any case.
[[nodiscard]] std::string collation_sql(const std::string& name);

}  // namespace zdm::migrations
