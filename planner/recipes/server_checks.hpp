#pragma once

#include <string>
#include <vector>

#include "recipes/subject.hpp"

/// What PostgreSQL is asked when a phase is planned about objects that are not the table's own: the
/// snapshot of the catalog leaves them out. Nothing is asked on SQLite and in forecasts.
namespace zdm::planner {

/// A column of the type is added without a default of its own. Not so where the type, a domain as a
/// rule, has one: ADD COLUMN would give it to every row, and an INSERT that leaves the column out
/// would look as if it had given it.
void look_at_default_of_type(const Context& context, const Table& table, const std::string& column,
                             const std::string& type, Recipe& recipe);

/// The table gets a column, a trigger or an index. Not so where a partition is a foreign table:
/// what it stands for stays as it is, so that reading it fails.
void look_at_foreign_partitions(const Context& context, const Table& table, Recipe& recipe);

/// Columns go. Not so while another column stores rows of the table, be it in an array, a domain, a
/// range or another row: the server drops the value from what it reads there, and says nothing.
void look_at_stored_rows(const Context& context, const Table& table,
                         const std::vector<std::string>& columns, Recipe& recipe);

/// The table goes, or that column of it alone, with the sequences it owns. Not so while anything
/// else draws from one, such as the default of another table.
void look_at_users_of_sequences(const Context& context, const Table& table,
                                const std::string& column, Recipe& recipe);

/// The constraint goes. Not so while anything rests on it by itself: a view that groups by a
/// primary key, a function that names it in ON CONFLICT.
void look_at_users_of_constraint(const Context& context, const Table& table,
                                 const std::string& constraint, Recipe& recipe);

/// The same of every constraint on a column that goes.
void look_at_users_of_constraints_on(const Context& context, const Table& table,
                                     const std::string& column, Recipe& recipe);

}  // namespace zdm::planner
