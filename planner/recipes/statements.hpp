#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/catalog.hpp"
#include "model/step.hpp"
#include "recipes/recipe.hpp"

/// Statements that more than one kind needs, as whole fragments or texts. PostgreSQL unless said.
namespace zdm::planner::statements {

/// ALTER TABLE … ADD COLUMN with what stands on a column beside it: comment, privileges, statistics
/// target, storage, compression, options. `column.default_sql` and `not_null` are left out.
[[nodiscard]] std::vector<std::string> add_column(Engine engine, const Table& table,
                                                  const Column& column);

/// Of these: storage, compression, statistics target and options, by "ALTER … ALTER COLUMN …".
[[nodiscard]] std::vector<std::string> tune_column(const std::string& alter, const Column& column);

[[nodiscard]] std::string drop_column(const Table& table, const std::string& column);
[[nodiscard]] std::string set_default(const Table& table, const std::string& column,
                                      const std::string& expression);
[[nodiscard]] std::string set_not_null(const Table& table, const std::string& column);
[[nodiscard]] std::string drop_not_null(const Table& table, const std::string& column);
[[nodiscard]] std::string add_constraint(const Table& table, const std::string& name,
                                         const std::string& definition);
[[nodiscard]] std::string validate_constraint(const Table& table, const std::string& name);
[[nodiscard]] std::string drop_constraint(const Table& table, const std::string& name);
[[nodiscard]] std::string drop_index(const TableName& index);
[[nodiscard]] std::string rename_index(const TableName& index, const std::string& to);

/// What DROP TABLE takes: the table, its partitions and indexes, and every table its foreign keys
/// name.
[[nodiscard]] std::vector<LockClaim> drop_table_claims(Engine engine, const Table& table);

/// SQLite: adds to `sql` the statements that put `after` in the place of the table's CREATE TABLE
/// text, and to the step what that does to the catalog; nothing when they are equal
/// (sqlite.org/lang_altertable.html, section 7). The DDL of the same transaction tells other
/// connections to read the schema again. Belongs before any ALTER TABLE of the step, whose own edit
/// of the text it would take back; several changes of one step build on each other's text.
void edit_sqlite_schema(const Table& table, const std::string& after, Step& step,
                        std::vector<std::string>& sql);

/// The statements around such an edit.
inline constexpr std::string_view kSchemaWritable = "PRAGMA writable_schema = ON";
inline constexpr std::string_view kSchemaReset = "PRAGMA writable_schema = RESET";

/// SQLite: among the statements of a step it says that foreign keys are off for the whole of its
/// transaction, and that no row may have lost its parent at its end.
inline constexpr std::string_view kForeignKeysOff = "PRAGMA foreign_keys = OFF";
[[nodiscard]] bool without_foreign_keys(const Step& step);

/// What is left to do where ALTER TABLE cannot.
inline constexpr std::string_view kRebuild =
    "rebuild the table with kind = \"sql\": CREATE a new one, INSERT … SELECT, DROP the old, "
    "RENAME "
    "(sqlite.org/lang_altertable.html, section 7, without its PRAGMAs: zdm turns foreign keys off "
    "for it, and checks them)";

/// SQLite: writes the NULLs of a column that was added later into its rows. ADD COLUMN leaves rows
/// as short as they are, and a default given to the column afterwards would be read in their place
/// (sqlite.org/lang_altertable.html, section 5). Belongs before the edit that gives the default;
/// our triggers keep quiet meanwhile.
[[nodiscard]] std::vector<std::string> store_nulls_on_sqlite(const Table& table,
                                                             const std::string& column);

/// "DEFERRABLE INITIALLY DEFERRED" with a blank before, or empty.
[[nodiscard]] std::string deferrable(const Constraint& constraint);

enum class Building { concurrently, at_once };
/// CREATE INDEX for an index as the catalog has it. SQLite knows one way of building.
[[nodiscard]] std::string create_index(Engine engine, const TableName& table, const Index& index,
                                       Building building);

/// CREATE INDEX CONCURRENTLY as a fragment: probe, cleanup, claim. On a partitioned table: ON ONLY
/// the parent, CONCURRENTLY on each partition, ATTACH (PostgreSQL manual, 5.11.2.2).
[[nodiscard]] std::vector<Fragment> build_index(const Table& table, const Index& index,
                                                const std::string& create);
/// DROP INDEX CONCURRENTLY as a fragment. On a partitioned table, which does not know it: DROP
/// INDEX.
[[nodiscard]] Fragment drop_index_concurrently(const Table& table, const Index& index);

/// VALIDATE CONSTRAINT as a fragment.
[[nodiscard]] Fragment validate(const Table& table, const Constraint& constraint);

/// That no row meets the condition, which names the columns of `r`; the answer counts them.
[[nodiscard]] Check no_row(const Table& table, const std::string& condition, std::string message,
                           const SourceSpan& where);
/// PostgreSQL: that the table may be given columns (not OF a type).
[[nodiscard]] Check plain_table(const Table& table, const SourceSpan& where);

/// A check of the phase that the server accepts `SET column = expression` (Steps::checks). `what`
/// names the expression in messages.
[[nodiscard]] Check accepts_update(const Table& table, const Assignment& assignment,
                                   const std::string& what);
/// A check that `assignment.expression` is accepted over the table's rows as they are, as one value
/// of the row it stands in: no aggregate, no window function, no set. `column` need not exist.
[[nodiscard]] Check accepts_expression(const Table& table, const Assignment& assignment,
                                       const std::string& what);
/// The same of an expression that is true or false.
[[nodiscard]] Check accepts_condition(const Table& table, const Assignment& condition,
                                      const std::string& what);
/// A check that PostgreSQL can assign what it gives to a column of its type, which must be known.
[[nodiscard]] Check accepts_type(const Table& table, const Assignment& assignment,
                                 const std::string& what);
/// Checks that PostgreSQL knows the type, and that a column of it can be added without a rewrite:
/// one of a domain with constraints cannot, whatever its default (ATExecAddColumn; lock matrix,
/// "ADD COLUMN, constrained domain"), unless the table is empty or the user allows it (--allow
/// rewrite).
[[nodiscard]] std::vector<Check> adds_type(const Table& table, const std::string& type,
                                           const SourceSpan& where);
/// A check that no row breaks the condition, before it is demanded: of the rows that do, every
/// UPDATE would fail. Reads the table; asked as late as can be.
[[nodiscard]] Check holds_for_all_rows(const Table& table, const std::string& condition,
                                       const std::string& what, const SourceSpan& where);
/// Checks that no function the expression calls is volatile, on PostgreSQL.
[[nodiscard]] std::vector<Check> not_volatile(const Table& table, const Assignment& assignment,
                                              const std::string& what);
/// Checks that whoever may write the table may call the functions of the expression too: a trigger
/// runs as the one who writes. On PostgreSQL; superusers and the owner are not looked at.
[[nodiscard]] std::vector<Check> callable_by_writers(const Table& table,
                                                     const Assignment& assignment,
                                                     const std::string& what);

}  // namespace zdm::planner::statements
