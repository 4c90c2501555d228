#include "recipes/statements.hpp"

#include <fmt/format.h>
#include <algorithm>

#include <functional>

#include "locks/claims.hpp"
#include "sql/expression.hpp"
#include "sql/quote.hpp"
#include "sql/type.hpp"
#include "sync/compose.hpp"

namespace zdm::planner::statements {

namespace {

std::string alter(const Table& table) {
  return fmt::format("ALTER TABLE {}", quote(table.name));
}

Fragment on(const Table& table, Slot slot, StepKind kind, std::string sql, std::string note) {
  Fragment fragment{.slot = slot, .table = table.name};
  fragment.step.kind = kind;
  fragment.step.in_transaction = kind != StepKind::concurrent;
  fragment.step.sql = {std::move(sql)};
  fragment.step.note = std::move(note);
  return fragment;
}

/// How an index stands, from pg_index: 'absent', 'done' or 'invalid'.
std::string probe_index(const TableName& index) {
  return fmt::format(R"(SELECT CASE WHEN i.indexrelid IS NULL THEN 'absent'
            WHEN i.indisvalid AND i.indisready THEN 'done'
            ELSE 'invalid' END
FROM (SELECT pg_catalog.to_regclass({}) AS oid) AS named
LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = named.oid)",
                     quote_literal(quote(index)));
}

Fragment build_one(const Table& table, const TableName& on_table, const TableName& index,
                   const std::string& create) {
  auto fragment = on(table, Slot::build, StepKind::concurrent, create,
                     "readers and writers go on; waits for transactions older than itself");
  fragment.step.scans = true;
  fragment.step.locks = Claims().add(on_table, LockMode::share_update_exclusive).list();
  fragment.step.action =
      ConcurrentAction{.probe = probe_index(index),
                       .cleanup = fmt::format("DROP INDEX CONCURRENTLY {}", quote(index))};
  return fragment;
}

/// "CREATE INDEX CONCURRENTLY name ON table …" for another index name and table.
std::string retarget(const std::string& create, const Index& index, const Table& table,
                     const TableName& name, const std::string& target, bool concurrently) {
  const auto head = fmt::format(" {} ON {} ", quote_identifier(index.name.name), quote(table.name));
  const auto rest = create.substr(create.find(head) + head.size());
  return fmt::format("CREATE {}INDEX {}{} ON {} {}", index.unique ? "UNIQUE " : "",
                     concurrently ? "CONCURRENTLY " : "", quote_identifier(name.name), target,
                     rest);
}

std::vector<Fragment> build_partitioned(const Table& table, const Index& index,
                                        const std::string& create) {
  std::vector<Fragment> fragments;
  auto parent = on(
      table, Slot::build, StepKind::transaction,
      retarget(create, index, table, index.name, fmt::format("ONLY {}", quote(table.name)), false),
      "the parent's index, invalid until every partition has its own");
  parent.step.locks = Claims().add(table.name, LockMode::share).list();
  fragments.push_back(std::move(parent));
  std::vector<std::string> taken;
  for (const auto& leaf : table.leaves) {
    const TableName name{leaf.schema, unique_name(leaf.name, "_" + index.name.name, taken)};
    taken.push_back(name.name);
    fragments.push_back(
        build_one(table, leaf, name, retarget(create, index, table, name, quote(leaf), true)));
    auto attach =
        on(table, Slot::build, StepKind::transaction,
           fmt::format("ALTER INDEX {} ATTACH PARTITION {}", quote(index.name), quote(name)),
           "the last partition's makes the parent's index valid");
    attach.step.locks = Claims()
                            .add(table.name, LockMode::access_share)
                            .add(leaf, LockMode::access_share)
                            .add(index.name, LockMode::share_update_exclusive)
                            .add(name, LockMode::access_exclusive)
                            .list();
    fragments.push_back(std::move(attach));
  }
  return fragments;
}

Check about(const Table& table, const Assignment& assignment, const std::string& what) {
  return {.table = table.name,
          .columns = assignment.reads,
          .query = {},
          .message = fmt::format("the server does not accept {}", what),
          .hint = fmt::format("correct {}", what),
          .where = assignment.where};
}

}  // namespace

std::vector<std::string> add_column(Engine engine, const Table& table, const Column& column) {
  const auto name = quote_identifier(column.name);
  std::string add = fmt::format("{} ADD COLUMN {} {}", alter(table), name, column.type);
  if (!column.collation.empty()) add += fmt::format(" COLLATE {}", column.collation);
  std::vector<std::string> sql = {add};
  if (engine == Engine::sqlite) return sql;
  const auto alter_column = fmt::format("{} ALTER COLUMN {}", alter(table), name);
  for (auto& each : tune_column(alter_column, column)) sql.push_back(std::move(each));
  if (!column.comment.empty()) {
    sql.push_back(fmt::format("COMMENT ON COLUMN {}.{} IS {}", quote(table.name), name,
                              quote_literal(column.comment)));
  }
  for (const auto& grant : column.grants) {
    const auto to = grant.find(" TO ");
    sql.push_back(fmt::format("GRANT {} ({}) ON {}{}", grant.substr(0, to), name, quote(table.name),
                              grant.substr(to)));
  }
  return sql;
}

std::vector<std::string> tune_column(const std::string& alter, const Column& column) {
  std::vector<std::string> sql;
  if (!column.storage.empty())
    sql.push_back(fmt::format("{} SET STORAGE {}", alter, column.storage));
  if (!column.compression.empty()) {
    sql.push_back(fmt::format("{} SET COMPRESSION {}", alter, column.compression));
  }
  if (column.statistics_target) {
    sql.push_back(fmt::format("{} SET STATISTICS {}", alter, *column.statistics_target));
  }
  if (!column.options.empty()) sql.push_back(fmt::format("{} SET ({})", alter, column.options));
  return sql;
}

std::string drop_column(const Table& table, const std::string& column) {
  return fmt::format("{} DROP COLUMN {}", alter(table), quote_identifier(column));
}

std::string set_default(const Table& table, const std::string& column,
                        const std::string& expression) {
  return fmt::format("{} ALTER COLUMN {} SET DEFAULT {}", alter(table), quote_identifier(column),
                     expression);
}

std::string set_not_null(const Table& table, const std::string& column) {
  return fmt::format("{} ALTER COLUMN {} SET NOT NULL", alter(table), quote_identifier(column));
}

std::string drop_not_null(const Table& table, const std::string& column) {
  return fmt::format("{} ALTER COLUMN {} DROP NOT NULL", alter(table), quote_identifier(column));
}

std::string add_constraint(const Table& table, const std::string& name,
                           const std::string& definition) {
  return fmt::format("{} ADD CONSTRAINT {} {}", alter(table), quote_identifier(name), definition);
}

std::string validate_constraint(const Table& table, const std::string& name) {
  return fmt::format("{} VALIDATE CONSTRAINT {}", alter(table), quote_identifier(name));
}

std::string drop_constraint(const Table& table, const std::string& name) {
  return fmt::format("{} DROP CONSTRAINT {}", alter(table), quote_identifier(name));
}

std::string drop_index(const TableName& index) {
  return fmt::format("DROP INDEX {}", quote(index));
}

std::string rename_index(const TableName& index, const std::string& to) {
  return fmt::format("ALTER INDEX {} RENAME TO {}", quote(index), quote_identifier(to));
}

std::string create_index(Engine engine, const TableName& table, const Index& index,
                         Building building) {
  const bool sqlite = engine == Engine::sqlite;
  std::vector<std::string> keys;
  for (const auto& key : index.keys) keys.push_back(key.sql);
  const bool concurrently = !sqlite && building == Building::concurrently;
  std::string sql = fmt::format("CREATE {}INDEX {}{} ON {}", index.unique ? "UNIQUE " : "",
                                concurrently ? "CONCURRENTLY " : "",
                                quote_identifier(index.name.name), quote(table));
  if (!sqlite) sql += fmt::format(" USING {}", quote_identifier(index.method));
  sql += fmt::format(" ({})", fmt::join(keys, ", "));
  if (!index.include.empty()) sql += fmt::format(" INCLUDE ({})", quote_list(index.include));
  if (index.nulls_not_distinct) sql += " NULLS NOT DISTINCT";
  if (!index.with.empty()) sql += fmt::format(" WITH ({})", index.with);
  if (!index.tablespace.empty()) {
    sql += fmt::format(" TABLESPACE {}", quote_identifier(index.tablespace));
  }
  if (!index.predicate.empty()) sql += fmt::format(" WHERE {}", index.predicate);
  return sql;
}

std::vector<LockClaim> drop_table_claims(Engine engine, const Table& table) {
  if (engine == Engine::sqlite) return {};
  Claims claims;
  claims.table(table, LockMode::access_exclusive).indexes(table, LockMode::access_exclusive);
  for (const auto& constraint : table.constraints) {
    if (constraint.references) claims.add(constraint.references->table, LockMode::access_exclusive);
  }
  // A sequence that a column owns goes with its column.
  for (const auto& dependent : table.dependents) {
    constexpr std::string_view kPrefix = "sequence ";
    if (dependent.kind != DependentKind::sequence || !dependent.name.starts_with(kPrefix)) continue;
    claims.merge({LockClaim{.relation = dependent.name.substr(kPrefix.size()),
                            .mode = LockMode::access_exclusive}});
  }
  return claims.list();
}

void edit_sqlite_schema(const Table& table, const std::string& after, Step& step,
                        std::vector<std::string>& sql) {
  if (table.sql == after) return;
  const auto literal = [](const std::string& text) { return quote_literal(text, Engine::sqlite); };
  sql.emplace_back(kSchemaWritable);
  sql.push_back(fmt::format(
      "UPDATE sqlite_schema SET sql = {} WHERE type = 'table' AND name = {} AND sql = {}",
      literal(after), literal(table.name.name), literal(table.sql)));
  sql.emplace_back(kSchemaReset);
  Table edited = table;
  edited.sql = after;
  step.effects.insert(step.effects.begin(), PutTable{std::move(edited)});
}

bool without_foreign_keys(const Step& step) {
  return std::ranges::find(step.sql, kForeignKeysOff) != step.sql.end();
}

std::vector<std::string> store_nulls_on_sqlite(const Table& table, const std::string& column) {
  return {sqlite_guard_enter(table.name),
          fmt::format("UPDATE {0} SET {1} = NULL WHERE {1} IS NULL", quote(table.name),
                      quote_identifier(column)),
          sqlite_guard_leave(table.name)};
}

std::string deferrable(const Constraint& constraint) {
  if (!constraint.deferrable) return {};
  return constraint.initially_deferred ? " DEFERRABLE INITIALLY DEFERRED" : " DEFERRABLE";
}

std::vector<Fragment> build_index(const Table& table, const Index& index,
                                  const std::string& create) {
  if (table.kind == TableKind::partitioned) {
    auto fragments = build_partitioned(table, index, create);
    fragments.back().step.effects = {PutIndex{table.name, index}};
    return fragments;
  }
  auto fragment = build_one(table, table.name, index.name, create);
  fragment.step.effects = {PutIndex{table.name, index}};
  return {std::move(fragment)};
}

Fragment drop_index_concurrently(const Table& table, const Index& index) {
  const bool partitioned = table.kind == TableKind::partitioned;
  auto fragment = on(
      table, Slot::retire_concurrently, partitioned ? StepKind::transaction : StepKind::concurrent,
      fmt::format("DROP INDEX {}{}", partitioned ? "" : "CONCURRENTLY ", quote(index.name)),
      partitioned ? "" : "waits for transactions that may use it");
  if (partitioned) {
    fragment.step.locks = Claims()
                              .table(table, LockMode::access_exclusive)
                              .add(index.name, LockMode::access_exclusive)
                              .list();
  } else {
    fragment.step.locks = Claims()
                              .add(table.name, LockMode::share_update_exclusive)
                              .add(index.name, LockMode::share_update_exclusive)
                              .list();
    fragment.step.action =
        ConcurrentAction{.probe = probe_index(index.name), .done_state = "absent", .cleanup = {}};
  }
  fragment.step.effects = {DropIndex{table.name, index.name.name}};
  return fragment;
}

Fragment validate(const Table& table, const Constraint& constraint) {
  auto fragment =
      on(table, Slot::validate, StepKind::transaction, validate_constraint(table, constraint.name),
         "scans the table; readers and writers go on");
  fragment.step.scans = true;
  Claims claims;
  claims.table(table, LockMode::share_update_exclusive);
  if (constraint.references) {
    claims.indexes(table, LockMode::access_share)
        .add(constraint.references->table, LockMode::row_share);
    // Its query joins both tables, and planning a query opens every index of what it reads.
    for (const auto& index : constraint.references->indexes) {
      claims.add(index, LockMode::access_share);
    }
  }
  fragment.step.locks = claims.list();
  auto validated = constraint;
  validated.validated = true;
  fragment.step.effects = {PutConstraint{table.name, validated}};
  return fragment;
}

Check accepts_update(const Table& table, const Assignment& assignment, const std::string& what) {
  auto check = about(table, assignment, what);
  check.columns.push_back(assignment.column);
  // EXPLAIN plans and coerces as the UPDATE would, and starts nothing: even an UPDATE that meets no
  // row fires the triggers FOR EACH STATEMENT.
  check.query = fmt::format("EXPLAIN UPDATE {} SET {} = ({}\n)", quote(table.name),
                            quote_identifier(assignment.column), assignment.expression);
  check.answers = false;
  return check;
}

Check accepts_expression(const Table& table, const Assignment& assignment,
                         const std::string& what) {
  auto check = about(table, assignment, what);
  // WHERE takes one value of one row, and so refuses what reads other rows or gives several.
  check.query = fmt::format("SELECT NOT EXISTS (SELECT 1 FROM {} WHERE false AND ({}\n) IS NULL)",
                            quote(table.name), assignment.expression);
  return check;
}

Check accepts_condition(const Table& table, const Assignment& condition, const std::string& what) {
  auto check = about(table, condition, what);
  check.query = fmt::format("SELECT NOT EXISTS (SELECT 1 FROM {} WHERE false AND ({}\n))",
                            quote(table.name), condition.expression);
  return check;
}

Check holds_for_all_rows(const Table& table, const std::string& condition, const std::string& what,
                         const SourceSpan& where) {
  return {.table = table.name,
          .columns = {},
          .query = fmt::format("SELECT NOT EXISTS (SELECT 1 FROM {} WHERE NOT ({}\n))",
                               quote(table.name), condition),
          .message = fmt::format("{} does not hold for all rows of {}", what, quote(table.name)),
          .hint = fmt::format("repair them first: SELECT * FROM {} WHERE NOT ({})",
                              quote(table.name), condition),
          .where = where,
          .late = true};
}

Check accepts_type(const Table& table, const Assignment& assignment, const std::string& what) {
  auto check = about(table, assignment, what);
  check.message =
      fmt::format("{} gives a type that cannot be assigned to {}", what, assignment.type);
  check.hint = fmt::format("cast it: ({})::{}", assignment.expression, assignment.type);
  // Text takes anything; arrays, rows and domains are left to the UPDATE of backfill.
  check.query =
      fmt::format(R"(SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_type AS given
    JOIN pg_catalog.pg_type AS wanted ON wanted.oid = pg_catalog.to_regtype({})
  WHERE given.oid = pg_catalog.pg_typeof((SELECT ({}
) FROM {} WHERE false))
    AND given.oid <> wanted.oid AND given.typtype IN ('b', 'e') AND wanted.typtype IN ('b', 'e')
    AND given.typcategory <> 'A' AND wanted.typcategory NOT IN ('A', 'S')
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_cast AS c
      WHERE c.castsource = given.oid AND c.casttarget = wanted.oid AND c.castcontext <> 'e')))",
                  quote_literal(without_collation(assignment.type)), assignment.expression,
                  quote(table.name));
  return check;
}

Check no_row(const Table& table, const std::string& condition, std::string message,
             const SourceSpan& where) {
  return {
      .table = table.name,
      .columns = {},
      .query = fmt::format("SELECT count(*) = 0, CASE WHEN count(*) > 1000 THEN 'more than 1000' "
                           "ELSE count(*)::text END || ' rows' "
                           "FROM (SELECT FROM {} AS r WHERE {} LIMIT 1001) AS bad",
                           quote(table.name), condition),
      .message = std::move(message),
      .hint = fmt::format("nothing was changed; correct these rows first: SELECT * FROM {} AS r "
                          "WHERE {}",
                          quote(table.name), condition),
      .where = where};
}

Check plain_table(const Table& table, const SourceSpan& where) {
  return {.table = table.name,
          .columns = {},
          .query = fmt::format("SELECT reloftype = 0 FROM pg_catalog.pg_class WHERE oid = {}::{}",
                               quote_literal(quote(table.name)), "pg_catalog.regclass"),
          .message = fmt::format("{} is a typed table (OF …), which takes no column of its own",
                                 quote(table.name)),
          .hint = "ALTER TABLE … NOT OF makes it a plain one; do that in an earlier migration",
          .where = where};
}

std::vector<Check> adds_type(const Table& table, const std::string& type, const SourceSpan& where) {
  Check known{.table = table.name, .columns = {}, .query = {}, .message = {}, .hint = {}};
  known.where = where;
  known.of_type = true;
  Check plain = known;
  known.query = fmt::format("SELECT NOT EXISTS (SELECT NULL::{}\n WHERE false)", type);
  known.message = fmt::format("the server does not know the type {}", type);
  known.hint = "check its name and its schema";
  plain.query = fmt::format(R"(WITH RECURSIVE domain AS (
    SELECT t.oid, t.typbasetype, t.typnotnull FROM pg_catalog.pg_type AS t
     WHERE t.typtype = 'd' AND t.oid = pg_catalog.pg_typeof((SELECT NULL::{}
 WHERE false))
    UNION ALL
    SELECT t.oid, t.typbasetype, t.typnotnull FROM pg_catalog.pg_type AS t
      JOIN domain ON t.oid = domain.typbasetype AND t.typtype = 'd')
  SELECT NOT EXISTS (SELECT FROM domain WHERE typnotnull OR EXISTS
           (SELECT FROM pg_catalog.pg_constraint AS c WHERE c.contypid = domain.oid))
      OR NOT EXISTS (SELECT FROM {}))",
                            type, quote(table.name));
  plain.message = fmt::format(
      "{} is a domain with constraints: adding a column of it rewrites table {} while nobody can "
      "read it",
      type, quote(table.name));
  plain.hint =
      "use the domain's base type, with a CHECK where the rule is wanted; where the table is "
      "small, --allow rewrite does it";
  plain.hazard = "rewrite";
  return {std::move(known), std::move(plain), plain_table(table, where)};
}

namespace {

/// Which rows of pg_proc, as p, a call by this name may mean.
std::string called(const TableName& name) {
  const auto in_schema = name.schema.empty()
                             ? std::string("pg_catalog.pg_function_is_visible(p.oid)")
                             : fmt::format("p.pronamespace = pg_catalog.to_regnamespace({})",
                                           quote_literal(quote_identifier(name.schema)));
  return fmt::format("p.proname = {} AND {}", quote_literal(name.name), in_schema);
}

std::vector<Check> for_each_function(
    const Table& table, const Assignment& assignment, const std::string& what,
    const std::function<void(Check&, const TableName&, const std::string&)>& ask) {
  std::vector<Check> checks;
  const auto facts = analyse_expression(Engine::postgresql, assignment.expression);
  if (!facts) return checks;
  for (const auto& function : facts->functions) {
    const auto name = parse_table_name(function);
    if (!name) continue;
    ask(checks.emplace_back(about(table, assignment, what)), *name, function);
  }
  return checks;
}

}  // namespace

std::vector<Check> not_volatile(const Table& table, const Assignment& assignment,
                                const std::string& what) {
  const auto ask = [&](Check& check, const TableName& name, const std::string& function) {
    check.query = fmt::format(R"(SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_proc AS p
  WHERE {} AND p.provolatile = 'v'))",
                              called(name));
    check.message = fmt::format(
        "{} calls {}(), a volatile function: it may give another value each time it is asked", what,
        function);
    check.hint = "use an expression that depends on the row alone, or mark the function STABLE";
  };
  return for_each_function(table, assignment, what, ask);
}

std::vector<Check> callable_by_writers(const Table& table, const Assignment& assignment,
                                       const std::string& what) {
  const auto ask = [&](Check& check, const TableName& name, const std::string& function) {
    check.query = fmt::format(R"(SELECT NOT EXISTS (
  SELECT FROM pg_catalog.pg_class AS c, pg_catalog.aclexplode(c.relacl) AS a
   WHERE c.oid = pg_catalog.to_regclass({0}) AND a.grantee <> 0
     AND a.privilege_type IN ('INSERT', 'UPDATE')
     AND EXISTS (SELECT FROM pg_catalog.pg_proc AS p WHERE {1})
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_proc AS p WHERE {1}
                        AND pg_catalog.has_function_privilege(a.grantee, p.oid, 'EXECUTE')
                        AND pg_catalog.has_schema_privilege(a.grantee, p.pronamespace, 'USAGE'))))",
                              quote_literal(quote(table.name)), called(name));
    check.message = fmt::format(
        "{} calls {}(), which a role that writes {} may not call: its writes would fail in the "
        "trigger",
        what, function, quote(table.name));
    check.hint =
        "GRANT EXECUTE on the function, and USAGE on its schema, to all who may INSERT or UPDATE";
  };
  return for_each_function(table, assignment, what, ask);
}

}  // namespace zdm::planner::statements
