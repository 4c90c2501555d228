#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gate/facts.hpp"
#include "sql/pg_tree.hpp"

/// From libpg_query's tree of a statement to what it does. Only this folder includes this.
namespace zdm::planner {

/// A statement as it stands in a file. `within` is set for a text that is not the file's own, byte
/// by byte (a string that is executed): then every place is that one.
struct StatementText {
  std::string_view text;
  std::size_t offset = 0;
  std::optional<Place> within;
  const std::vector<std::string>* variables = nullptr;  ///< of the block it stands in

  /// Of bytes of the text, in the file.
  [[nodiscard]] Place place(std::size_t begin, std::size_t end) const;
};

using Effects = std::vector<SqlEffect>;

/// Each appends what the statement does.
void read_statement(const PgQuery__Node& node, const StatementText& text, Effects& effects);

void read_alter_table(const PgQuery__AlterTableStmt& stmt, const StatementText& text,
                      Effects& effects);
void read_create_table(const PgQuery__CreateStmt& stmt, const StatementText& text,
                       Effects& effects);
void read_rename(const PgQuery__RenameStmt& stmt, const StatementText& text, Effects& effects);
void read_drop(const PgQuery__DropStmt& stmt, const StatementText& text, Effects& effects);
/// CREATE of anything but tables; false where the node is none.
bool read_create(const PgQuery__Node& node, const StatementText& text, Effects& effects);
/// Rows, and what locks or rewrites whole tables; false where the node is none.
bool read_data(const PgQuery__Node& node, const StatementText& text, Effects& effects);
/// Appends a change of search_path, by SET, RESET, DISCARD ALL or a call of set_config.
void read_settings(const PgQuery__Node& node, const StatementText& text, Effects& effects);
/// ALTER of anything but tables; false where the node is none.
bool read_alter(const PgQuery__Node& node, const StatementText& text, Effects& effects);

/// A column with its constraints, which are appended as effects on the table.
ColumnFacts read_column(const PgQuery__ColumnDef& column, const SqlEffect& of,
                        const StatementText& text, Effects& constraints);
/// A constraint of a table; `where` is its clause.
SqlEffect read_constraint(const PgQuery__Constraint& constraint, SqlEffect of, Place where);
/// A query of tables that nothing bounds.
[[nodiscard]] bool reads_many(const PgQuery__SelectStmt& query);
SqlType read_type(const PgQuery__TypeName* type);
SqlDefault read_default(const PgQuery__Node* expression, std::string& function);
/// The columns that an expression reads, each once.
void columns_in(const ProtobufCMessage& message, std::vector<std::string>& columns);
void columns_in(const PgQuery__Node* expression, std::vector<std::string>& columns);
/// Of COLLATE, as the catalog has it; empty: the type's own.
std::string read_collation(const PgQuery__ColumnDef& column);

[[nodiscard]] std::string string_of(const PgQuery__Node* node);
/// Of a String, a List of them, a TypeName, an ObjectWithArgs.
[[nodiscard]] std::vector<std::string> names_of(const PgQuery__Node* node);
[[nodiscard]] std::vector<std::string> names_of(PgQuery__Node* const* nodes, std::size_t count);
/// The last two of them.
[[nodiscard]] TableName table_name(const std::vector<std::string>& names);
[[nodiscard]] TableName table_name(const PgQuery__RangeVar* relation);
/// A boolean option (CONCURRENTLY, FULL) is given, and not as false.
[[nodiscard]] bool option(PgQuery__Node* const* options, std::size_t count, std::string_view name);
[[nodiscard]] ObjectKind kind_of(PgQuery__ObjectType type);

/// Places in a text, by its words. Offsets count from the start of the text.
struct Words {
  std::string_view text;

  /// Where the qualified name that starts here ends, with a star that belongs to it.
  [[nodiscard]] std::size_t name_end(std::size_t at) const;
  /// The parts between commas outside brackets, from here to the end.
  [[nodiscard]] std::vector<Place> items(std::size_t at) const;
  /// The end of the first `count` words and signs.
  [[nodiscard]] std::size_t after(std::size_t count) const;
  /// The first such word outside brackets at or after a place; the size of the text if there is
  /// none.
  [[nodiscard]] std::size_t find(std::string_view word, std::size_t at = 0) const;
  /// The end of the clause of a column that starts here: before the next one, a comma, a bracket.
  [[nodiscard]] std::size_t clause_end(std::size_t at) const;
  /// The end of the text, less the blanks and comments there.
  [[nodiscard]] std::size_t end() const;
};

}  // namespace zdm::planner
