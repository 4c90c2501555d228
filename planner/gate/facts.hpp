#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/sql_file.hpp"
#include "model/names.hpp"
#include "model/step.hpp"
#include "sql/expression.hpp"

/// What the statements of a script do, as values. Names are folded and unquoted as PostgreSQL
/// would; a name without a schema stays without one, and is another than the same with a schema.
namespace zdm::planner {

/// Bytes of a file.
struct Place {
  std::size_t offset = 0;
  std::size_t length = 0;

  [[nodiscard]] std::size_t end() const { return offset + length; }
  friend bool operator==(const Place&, const Place&) = default;
};

enum class ObjectKind {
  table,
  column,
  constraint,
  index,
  view,
  materialized_view,
  sequence,
  type,       ///< composite, range, base or enum
  attribute,  ///< of a composite type
  enum_value,
  domain,
  function,  ///< or procedure, aggregate
  schema,
  database,
  trigger,
  policy,
  rule,
  other,
};

enum class Deed {
  create,      ///< any kind of object
  drop,        ///< any kind of object, columns and constraints too
  rename,      ///< `part` of `object`, or `object` itself, to `to`
  set_schema,  ///< `object` to schema `to`
  add_column,  ///< `column`; constraints written with it follow as effects of their own
  change_type,
  set_default,
  drop_default,
  set_not_null,
  drop_not_null,
  add_constraint,  ///< of a table, or (kind domain) of a domain
  validate_constraint,
  attach_partition,  ///< `other` to `object`
  detach_partition,  ///< `other` from `object`
  rewrite_table,     ///< VACUUM FULL, CLUSTER, SET LOGGED …: `to` says which
  enable_trigger,
  disable_trigger,
  alter,  ///< anything else of an ALTER, under `lock`
  truncate,
  insert,
  update,
  remove,  ///< DELETE
  merge,
  lock_table,
  refresh,  ///< a materialized view
  reindex,
  grant,
  revoke,
  add_enum_value,
  begin,
  commit,
  rollback,
  savepoint,
  rollback_to,
  set_search_path,  ///< to the schemas `values`; none: to what the session began with
  run_dynamic,      ///< SQL that is put together when it runs
};

enum class SqlConstraint { none, not_null, check, foreign_key, unique, primary_key, exclusion };

/// What a default is for a table that has rows: `varying` is worked out anew for each row.
enum class SqlDefault { none, null, constant, varying, unknown_function };

/// A type as written: the last part of its name as the catalog has it (int4, varchar), its schema
/// if it is none of PostgreSQL's, its numbers, [].
struct SqlType {
  std::string schema;
  std::string name;
  std::vector<int> modifiers;
  bool array = false;

  friend auto operator<=>(const SqlType&, const SqlType&) = default;
};

struct ColumnFacts {
  std::string name;
  SqlType type;
  bool not_null = false;  ///< primary keys and identities too
  bool serial = false;
  bool identity = false;
  bool generated = false;  ///< STORED
  SqlDefault default_kind = SqlDefault::none;
  std::string function;   ///< the one that makes the default varying or unknown
  std::string collation;  ///< of COLLATE; empty: the type's own
};

/// `to` of a REFRESH that only empties the view.
inline constexpr std::string_view kWithNoData = "WITH NO DATA";
/// `to` of a COMMIT or ROLLBACK after which the next transaction is open at once.
inline constexpr std::string_view kAndChain = "AND CHAIN";

/// `to` of an `alter` that reads the table and changes nothing of it.
inline constexpr std::string_view kReads = "reads";
/// `to` of a drop_default or `alter` by which inserts that name the column, or do not, fail.
inline constexpr std::string_view kIdentity = "IDENTITY";
inline constexpr std::string_view kExpression = "EXPRESSION";
inline constexpr std::string_view kAlways = "GENERATED ALWAYS";
/// `to` of an `alter` that hides rows from all but the owner.
inline constexpr std::string_view kEnableRls = "ENABLE ROW LEVEL SECURITY";
inline constexpr std::string_view kForceRls = "FORCE ROW LEVEL SECURITY";
/// `to` of a drop that takes types, and columns of them, along.
inline constexpr std::string_view kExtension = "EXTENSION";

/// One thing a statement does. Fields that do not matter to the deed are empty.
struct SqlEffect {
  Deed deed = Deed::alter;
  ObjectKind kind = ObjectKind::table;
  TableName object;
  std::string part;  ///< column, constraint, value, trigger …
  std::string to;    ///< the new name, or words: of `rewrite_table`, CREATE TABLE …
  TableName other;   ///< referenced table, parent of a partition, partition, table of an index
  Place where;       ///< of the clause, in the file
  LockMode lock = LockMode::access_exclusive;  ///< of `alter` and `lock_table`

  bool if_exists = false;
  bool if_not_exists = false;  ///< what exists stays: the object need not be new
  bool conditional = false;    ///< it stands in a branch of a DO block
  bool replace = false;        ///< CREATE OR REPLACE
  bool concurrently = false;
  bool cascade = false;
  bool only = false;
  bool not_valid = false;
  bool temporary = false;      ///< of SET LOCAL too
  bool unknown = false;        ///< of set_search_path: the path is worked out when it runs
  bool is_unique = false;      ///< of an index
  bool is_partial = false;     ///< of an index: it has WHERE
  bool partitioned = false;    ///< CREATE TABLE … PARTITION BY
  bool is_default = false;     ///< a DEFAULT partition
  bool inline_clause = false;  ///< a constraint written with a column, or within CREATE TABLE
  bool has_using = false;      ///< ALTER TYPE … USING an expression that is more than the column
  bool unbounded = false;      ///< UPDATE, DELETE: no WHERE, or one that names no bound; of what
                               ///< a query fills: it may give very many rows
  bool from_query = false;     ///< INSERT … SELECT, CREATE TABLE … AS

  SqlConstraint constraint = SqlConstraint::none;
  std::string index;                 ///< USING INDEX
  ColumnFacts column;                ///< of add_column and change_type
  std::vector<ColumnFacts> columns;  ///< of CREATE TABLE
  /// Columns of an index, constraint or PARTITION BY, written columns; empty: an expression.
  std::vector<std::string> keys;
  std::vector<std::string> reads;     ///< what else an index reads: expressions, WHERE, INCLUDE
  std::vector<std::string> not_null;  ///< columns that a CHECK demands to be NOT NULL
  bool only_not_null = false;         ///< the CHECK demands nothing else
  std::vector<std::string> values;    ///< of an enum, of a search path
  std::vector<TableName> references;  ///< of CREATE TABLE
};

/// A statement of a file, or one that a DO block of it runs.
struct StatementFacts {
  Place place;                  ///< without semicolon and the comments before it
  bool in_block = false;        ///< static SQL of a DO block, or of an EXECUTE in it
  bool in_transaction = false;  ///< of a block or a runner: it is not committed on its own
  std::size_t transaction = 0;  ///< those with the same number commit together
  std::vector<SqlEffect> effects;
  std::optional<SqlFault> fault;  ///< not analysed: why, and at which byte of the file
};

struct FileFacts {
  std::vector<StatementFacts> statements;
  std::optional<Place> left_open;  ///< the BEGIN that nothing ends
  std::size_t next_transaction = 0;
};

/// Reads a file; the first transaction gets the number `transaction`.
///
/// A statement that cannot be parsed hides no other: it is one with a fault.
[[nodiscard]] FileFacts read_facts(const SqlFile& file, std::size_t transaction = 0);
/// Reads each in turn and shows it; faster than one by one. `visit` has a stack of its own.
void for_each_file(const std::vector<SqlFile>& files,
                   const std::function<void(const SqlFile&, const FileFacts&)>& visit);

/// "15": the PostgreSQL whose grammar is built in. What later ones brought is a syntax error here.
[[nodiscard]] std::string_view grammar_version();

}  // namespace zdm::planner
