#pragma once

#include "recipes/subject.hpp"

/// What reads or writes a table's columns without the server knowing: bodies of functions,
/// triggers, subscribers of a publication, statements without a list of columns.
namespace zdm::planner {

/// --allow of what bodies say.
inline constexpr std::string_view kTriggerFunctions = "trigger-functions";

/// A column comes. Not asked where allowed: a trigger's function inserts old.* or new.* somewhere,
/// which has one column more from then on, so that it fails, and the statement with it.
/// Warned of: subscribers, whose replication stops at a column they do not have (PostgreSQL manual,
/// "Logical Replication", Restrictions).
void look_at_readers_of_new(const Context& context, const Table& table,
                            const std::vector<std::string>& columns, Recipe& recipe);

/// A column is to go: warned of, functions that name it.
void warn_of_functions(const Context& context, const Table& table, const Column& column,
                       Recipe& recipe);

/// A column is to get a successor: warned of, BEFORE triggers that read or set it by themselves,
/// and so pass by what is written to the successor.
void warn_of_triggers_before(const Table& table, const Column& column, Recipe& recipe);

/// SQLite: INSERT without a list of columns gives a value for each (sqlite.org/lang_insert.html).
void warn_of_inserts_without_list(const Table& table, Recipe& recipe);

/// The rows are to be filled without the user's triggers: a check that this role may.
void look_at_right_to_skip(const Context& context, const Table& table, UserTriggers chosen,
                           Recipe& recipe);

/// A column goes. Not asked where allowed: a trigger's function names it as old.name or new.name,
/// so that every write that fires it would fail.
void look_at_triggers_naming(const Context& context, const Table& table, const Column& column,
                             Recipe& recipe);

}  // namespace zdm::planner
