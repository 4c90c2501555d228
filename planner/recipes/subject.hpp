#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/catalog.hpp"
#include "model/error.hpp"
#include "recipes/recipe.hpp"

/// What recipes ask about the table and columns a change names, with the refusals common to all.
namespace zdm::planner {

/// Where the change stands in its file.
[[nodiscard]] SourceSpan where_of(const Context& context);

/// The table of a change. Refused by name: a view, a foreign or virtual table, an extension's own,
/// a partition by itself, plain inheritance. Without a database: an assumed one.
[[nodiscard]] Result<Table> subject_table(const Context& context, const TableName& name);

/// One of its columns; without a database, an assumed one of unknown type.
[[nodiscard]] Result<Column> subject_column(const Context& context, const Table& table,
                                            std::string_view name);

/// The column the ledger recorded for this change under `role`. ErrorCode::drift when it is gone or
/// has another name than `expected` (law 11). Forecasts and SQLite go by the name.
[[nodiscard]] Result<Column> recorded_column(const Context& context, const Table& table,
                                             std::string_view role, std::string_view expected);

/// A guard for the step's own transaction that the column is still the one recorded; nothing on
/// SQLite, whose columns have no identity, and in forecasts.
[[nodiscard]] std::vector<Guard> column_guard(const Context& context, const Table& table,
                                              std::string_view role, const Column& column);

/// ErrorCode::refused with the list when the table has dependents on this column that would break
/// or vanish with it (law 10). Owned sequences are left out: recipes move them.
[[nodiscard]] Result<void> refuse_dependents(const Context& context, const Table& table,
                                             const Column& column);

/// It stands on a column of a single partition (its `relation`), and not on the table's own.
[[nodiscard]] bool is_on_partition(const Dependent& dependent);

/// Whether anything of this table's shape was assumed, so that nothing can be refused for it.
[[nodiscard]] bool is_forecast(const Context& context, const Table& table);

/// ErrorCode::refused on SQLite: the kind needs a statement that SQLite does not have.
[[nodiscard]] Result<void> refuse_on_sqlite(const Context& context, std::string_view kind,
                                            std::string_view why);

/// ErrorCode::refused while another unfinished migration holds two shapes of this column equal.
[[nodiscard]] Result<void> refuse_in_flight(const Context& context, const Table& table,
                                            std::string_view column);

/// ErrorCode::refused where one of these columns, which `what` reads, is to go with another
/// unfinished migration: its contract would find what reads it in its way.
[[nodiscard]] Result<void> refuse_going(const Context& context, const Table& table,
                                        const std::vector<std::string>& reads,
                                        std::string_view what);

/// ErrorCode::refused while the triggers read or write this column, which is to be dropped, for
/// another unfinished migration.
[[nodiscard]] Result<void> refuse_users_in_flight(const Context& context, const Table& table,
                                                  std::string_view column);

/// ErrorCode::refused where PostgreSQL gives every table a column of this name (manual, 5.5 "System
/// Columns").
[[nodiscard]] Result<void> refuse_system_column(const Context& context, const Table& table,
                                                std::string_view name);

/// "column users.name" for messages.
[[nodiscard]] std::string describe(const Table& table, std::string_view column);

}  // namespace zdm::planner
