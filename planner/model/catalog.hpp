#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/names.hpp"

/// A snapshot of what the changes name and what depends on it; never of the whole database.
/// All SQL texts are as the server deparses them (pg_get_expr, pg_get_constraintdef, …).
namespace zdm::planner {

/// How a column's default behaves: PostgreSQL manual, 38.7 "Function Volatility Categories".
enum class DefaultKind { none, constant, stable, volatile_ };
enum class Identity { none, always, by_default };
enum class Generated { none, stored, virtual_ };

struct Column {
  std::string name;
  int attnum = 0;    ///< SQLite: cid + 1
  std::string type;  ///< format_type(), e.g. "character varying(40)"; SQLite: as declared
  bool not_null = false;
  std::string default_sql;  ///< empty: none
  DefaultKind default_kind = DefaultKind::none;
  Identity identity = Identity::none;
  Generated generated = Generated::none;
  std::string generated_sql;
  std::string collation;  ///< quoted and qualified, only where it is not the type's own
  std::string comment;
  std::optional<int> statistics_target;
  std::string storage;      ///< PLAIN, EXTERNAL, EXTENDED, MAIN where it is not the type's own
  std::string compression;  ///< pglz, lz4, or empty
  std::string options;      ///< attoptions as "n_distinct=5, …"
  std::vector<std::string>
      grants;  ///< column privileges: "SELECT TO reporting", "… WITH GRANT OPTION"
  bool has_missing_value = false;  ///< atthasmissing
};

struct IndexKey {
  int attnum = 0;   ///< 0: an expression
  std::string sql;  ///< column or expression with collation, opclass and order, as in CREATE INDEX
  /// The end of `sql` after the column or expression: " COLLATE \"C\" text_pattern_ops DESC". May
  /// be empty.
  std::string suffix;
};

struct Index {
  std::uint32_t oid = 0;
  TableName name;
  std::string method = "btree";
  bool unique = false;
  bool primary = false;
  bool exclusion = false;
  bool valid = true;
  bool ready = true;
  bool nulls_not_distinct = false;
  bool replica_identity = false;
  bool clustered = false;
  std::string constraint;  ///< name of the constraint it belongs to, or empty
  std::vector<IndexKey> keys;
  std::vector<std::string> include;
  std::string predicate;
  std::string with;  ///< storage parameters, "fillfactor='70'"
  std::string tablespace;
  std::string comment;
  std::vector<int> statistics;  ///< SET STATISTICS of each column, -1: none; empty: of no column
  std::string
      definition;  ///< pg_get_indexdef(); SQLite: sqlite_schema.sql (empty for automatic ones)
  std::vector<int> attnums;  ///< every column it reads, in keys, expressions, INCLUDE and predicate
};

enum class ConstraintKind { check, foreign_key, unique, primary_key, exclusion, not_null };

struct ForeignKey {
  std::uint32_t table_oid = 0;  ///< the referenced table
  TableName table;
  std::vector<std::string> columns;  ///< referenced, in conkey order
  TableName index;                   ///< the unique index it relies on (pg_constraint.conindid)
  std::vector<TableName> indexes;    ///< every index of the referenced table, that one included
};

struct Constraint {
  std::uint32_t oid = 0;
  std::string name;
  ConstraintKind kind = ConstraintKind::check;
  bool validated = true;
  bool deferrable = false;
  bool initially_deferred = false;
  bool no_inherit = false;
  std::vector<int> attnums;  ///< conkey order; for a check every column it reads
  std::string definition;    ///< pg_get_constraintdef()
  std::string expression;    ///< check: the bare expression
  std::optional<ForeignKey> references;
  std::string index;  ///< name of the index that backs it
  std::string comment;
};

/// A foreign key of another table (or this one) that points here.
struct IncomingForeignKey {
  std::string name;
  TableName table;
  std::vector<int> attnums;  ///< of this table
  std::string definition;
};

struct Trigger {
  std::string name;
  bool before = false;
  bool instead_of = false;
  bool row = false;
  bool on_insert = false;
  bool on_update = false;
  bool on_delete = false;
  bool enabled = true;
  std::string enabled_mode = "O";  ///< pg_trigger.tgenabled
  std::string function;            ///< schema.name
  std::string definition;          ///< pg_get_triggerdef(); SQLite: sqlite_schema.sql
  std::vector<int> update_of;
  std::vector<int> attnums;  ///< every column its WHEN and UPDATE OF name
  std::string comment;
  std::vector<int> body_attnums;  ///< columns its function names as old.name or new.name
  bool inserts_row = false;       ///< its function inserts old.* or new.* somewhere
};

enum class DependentKind {
  view,
  materialized_view,
  rule,
  policy,
  generated_column,
  publication,
  statistics,
  function,
  trigger,
  foreign_key,
  sequence,
  other
};

/// Something that would break or vanish with a column or table.
struct Dependent {
  DependentKind kind = DependentKind::other;
  std::string name;          ///< as a person would write it: view app.active_users
  std::vector<int> attnums;  ///< columns it needs; empty: the whole table
  bool certain = true;       ///< false: found by reading a function body
  // Of views and materialized views only, where it can follow when another relation takes the name:
  std::uint32_t oid = 0;         ///< of the rule, function or policy in its catalog
  std::string rebind;            ///< the statement that binds it anew; empty: there is none
  TableName relation;            ///< what that locks against everybody: the view, the rule's table
  std::vector<TableName> reads;  ///< what it reads
  std::string owner;
  bool ours = true;        ///< this role may replace it
  bool temporary = false;  ///< of some session alone
  std::string comment;     ///< of a rule
  friend bool operator==(const Dependent&, const Dependent&) = default;
};

/// Whether it is the view or materialized view of that name.
[[nodiscard]] bool is_view(const Dependent& dependent, const TableName& name);
void rename_view(Dependent& dependent, const TableName& to);

/// One privilege of an access control list.
struct AclItem {
  std::string grantee;  ///< empty: PUBLIC
  std::string grantor;
  std::string privilege;  ///< "SELECT", "MAINTAIN" …
  bool grantable = false;
  std::string column;  ///< empty: on the whole relation
};

/// Who may do what with a relation.
struct Access {
  bool owner_all = true;  ///< as by default; `items` leaves that out then
  /// Columns last, and what the owner granted before what others did.
  std::vector<AclItem> items;
  /// Whom ALTER DEFAULT PRIVILEGES gives something on what is made new; empty: PUBLIC.
  std::vector<std::string> default_grantees;
};

enum class TableKind { table, partitioned, foreign, view, materialized_view, virtual_ };

struct Table {
  std::uint32_t oid = 0;
  TableName name;  ///< always with its schema on PostgreSQL
  TableKind kind = TableKind::table;
  std::string owner;
  bool partition = false;          ///< itself a partition of another table
  std::vector<int> partition_key;  ///< partitioned: columns its key reads
  bool subpartitioned = false;     ///< a partition of it is partitioned again
  bool inherits = false;           ///< child of plain inheritance
  bool inherited = false;          ///< has plain inheritance children
  bool row_security = false;
  bool force_row_security = false;
  char replica_identity = 'd';  ///< pg_class.relreplident
  bool published = false;
  bool subscribed = false;  ///< target of a subscription
  bool extension_member = false;
  bool empty = false;             ///< known to hold no row
  double rows = 0;                ///< estimate, of all leaves
  std::int64_t bytes = 0;         ///< heap, all leaves
  std::vector<TableName> leaves;  ///< partitions that hold rows, itself for a plain table
  std::vector<Column> columns;    ///< in attnum order, dropped ones left out
  std::vector<Index> indexes;
  std::vector<Constraint> constraints;
  std::vector<IncomingForeignKey> incoming;
  std::vector<Trigger> triggers;  ///< user's and zdm's, internal ones left out
  /// Rules that rewrite an UPDATE of it or of a partition: "rule copy of app.users".
  std::vector<std::string> update_rules;
  std::vector<Dependent> dependents;
  std::string comment;
  std::vector<std::string> grants;  ///< "SELECT, INSERT TO app"
  Access access;                    ///< the same whole, of columns too
  /// Of views: what stands on it that nothing can give to another one, as people call it.
  std::vector<std::string> uncarried;
  std::string view_query;        ///< views: pg_get_viewdef()
  std::string view_options;      ///< reloptions, "fillfactor=70, toast.autovacuum_enabled=false"
  std::vector<TableName> reads;  ///< views and materialized views: the relations of the query
  bool populated = true;         ///< false: a materialized view WITH NO DATA
  std::string tablespace;        ///< empty: the database's own
  std::string access_method;     ///< where it is not heap
  // SQLite
  std::string sql;  ///< sqlite_schema.sql
  bool without_rowid = false;
  bool strict = false;
  bool assumed = false;  ///< nobody looked: made up from the files (a plan without a database)

  [[nodiscard]] const Column* column(std::string_view wanted) const;
  [[nodiscard]] const Column* column(int attnum) const;
  [[nodiscard]] const Index* index(std::string_view wanted) const;
  [[nodiscard]] const Constraint* constraint(std::string_view wanted) const;
};

struct EnumType {
  TableName name;
  std::vector<std::string> labels;
};

struct Catalog {
  Engine engine = Engine::postgresql;
  int server_version = 0;  ///< PostgreSQL: server_version_num; SQLite: sqlite3_libversion_number()
  bool assumed = false;    ///< no database was looked at
  std::vector<std::string> search_path;  ///< schemas, in order, of the author
  std::string user;
  bool superuser = false;
  std::vector<Table> tables;  ///< views too
  std::vector<EnumType> enums;
  /// Every relation name of the schemas looked at, so that new names do not collide.
  std::vector<TableName> taken;

  /// Finds by qualified name, or through the search path. SQLite: ASCII case does not matter.
  [[nodiscard]] const Table* table(const TableName& wanted) const;
  [[nodiscard]] Table* table(const TableName& wanted);
  [[nodiscard]] const Table* table_by_oid(std::uint32_t oid) const;
  /// A server was looked at, and it is older: 140000 is PostgreSQL 14.
  [[nodiscard]] bool older_than(int version) const;
};

/// What a migration needs to have read.
struct CatalogRequest {
  std::vector<TableName> tables;   ///< tables or views; missing ones are simply not in the snapshot
  std::vector<TableName> indexes;  ///< resolved to their tables, which are read too
  std::vector<TableName> types;
  /// Views and materialized views among the tables: with all they read, views on views too.
  bool below_views = false;
};

}  // namespace zdm::planner
