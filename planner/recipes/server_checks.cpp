#include "recipes/server_checks.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

bool can_look(const Context& context, const Table& table) {
  return context.catalog.engine == Engine::postgresql && !is_forecast(context, table);
}

Check asking(const Context& context, const Table& table, std::string query) {
  Check check{
      .table = table.name, .columns = {}, .query = std::move(query), .message = {}, .hint = {}};
  check.where = where_of(context);
  return check;
}

/// The table and its partitions, without the locks that pg_partition_tree() takes.
std::string tree_of(const Table& table) {
  return fmt::format(R"(WITH RECURSIVE tree AS (
    SELECT pg_catalog.to_regclass({})::pg_catalog.oid AS oid
    UNION
    SELECT i.inhrelid FROM tree JOIN pg_catalog.pg_inherits AS i ON i.inhparent = tree.oid))",
                     quote_literal(quote(table.name)));
}

/// Whether `users`, which gives rows of pg_depend, gives none, and what those are as people call
/// them.
std::string none_of(const std::string& users) {
  return fmt::format(R"(SELECT pg_catalog.count(*) = 0, pg_catalog.string_agg(DISTINCT coalesce(
         (SELECT pg_catalog.pg_describe_object('pg_catalog.pg_class'::pg_catalog.regclass,
                                               r.ev_class, 0)
            FROM pg_catalog.pg_rewrite AS r
           WHERE u.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.oid = u.objid
             AND r.rulename = '_RETURN'),
         pg_catalog.pg_describe_object(u.classid, u.objid, u.objsubid)), ', ')
  FROM ({}) AS u)",
                     users);
}

void look_at_users_of(const Context& context, const Table& table, const std::string& constraints,
                      std::string message, Recipe& recipe) {
  if (!can_look(context, table)) return;
  auto check = asking(context, table,
                      none_of(fmt::format(R"(SELECT d.classid, d.objid, d.objsubid
          FROM pg_catalog.pg_constraint AS k
          JOIN pg_catalog.pg_depend AS d ON d.refobjid = k.oid AND d.deptype = 'n'
           AND d.refclassid = 'pg_catalog.pg_constraint'::pg_catalog.regclass
         WHERE k.conrelid = pg_catalog.to_regclass({}) AND {})",
                                          quote_literal(quote(table.name)), constraints)));
  check.message = std::move(message);
  check.hint = "change or drop what does in an earlier migration; zdm never uses CASCADE";
  check.late = context.phase == Phase::contract;
  recipe.checks.push_back(std::move(check));
}

}  // namespace

void look_at_default_of_type(const Context& context, const Table& table, const std::string& column,
                             const std::string& type, Recipe& recipe) {
  if (!can_look(context, table)) return;
  auto check = asking(context, table,
                      fmt::format(R"(SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_type AS t
  WHERE t.typdefault IS NOT NULL AND t.oid = pg_catalog.pg_typeof((SELECT NULL::{}
 WHERE false))))",
                                  type));
  check.of_type = true;
  check.message = fmt::format(
      "{} would be of {}, a type with a default: every row would have that from the "
      "moment the column is added, and never be filled",
      describe(table, column), type);
  check.hint =
      "use the type the domain is made of, with the default and a CHECK of its own; or write the "
      "steps as kind = \"sql\"";
  recipe.checks.push_back(std::move(check));
}

void look_at_foreign_partitions(const Context& context, const Table& table, Recipe& recipe) {
  if (!can_look(context, table) || table.kind != TableKind::partitioned) return;
  auto check = asking(context, table,
                      fmt::format(R"({}
SELECT pg_catalog.count(*) = 0,
       pg_catalog.string_agg(pg_catalog.format('%I.%I', n.nspname, c.relname), ', '
                             ORDER BY n.nspname, c.relname)
  FROM tree
  JOIN pg_catalog.pg_class AS c ON c.oid = tree.oid AND c.relkind = 'f'
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace)",
                                  tree_of(table)));
  check.message = fmt::format(
      "partitions of {} are foreign tables: what they stand for stays as it is, so that they can "
      "be neither changed nor filled nor indexed along",
      quote(table.name));
  check.hint = "detach them first, or write the steps for both servers as kind = \"sql\"";
  // First of all: others plan statements, for which the far side may be asked.
  recipe.checks.insert(recipe.checks.begin(), std::move(check));
}

void look_at_stored_rows(const Context& context, const Table& table,
                         const std::vector<std::string>& columns, Recipe& recipe) {
  if (!can_look(context, table)) return;
  // As find_composite_type_dependencies() looks, by pg_depend alone, as no index finds a column by
  // its type; OFFSET 0 as the server expects more types than there are, and would read all of it.
  // A row of a partition is one of the table too.
  auto check = asking(context, table,
                      fmt::format(R"({},
  holding AS (
    SELECT c.reltype AS type, NULL::pg_catalog.text COLLATE pg_catalog."C" AS stored
      FROM tree JOIN pg_catalog.pg_class AS c USING (oid)
    UNION
    SELECT found.type, found.stored
      FROM holding
     CROSS JOIN LATERAL (
       SELECT CASE WHEN d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass THEN d.objid
                   ELSE c.reltype END AS type,
              CASE WHEN c.relkind IN ('r', 'p', 'm', 'f') AND NOT c.relispartition
                   THEN pg_catalog.format('%I.%I.%I', n.nspname, c.relname, a.attname)
                        COLLATE pg_catalog."C" END AS stored
         FROM pg_catalog.pg_depend AS d
         LEFT JOIN pg_catalog.pg_class AS c ON c.oid = d.objid AND d.objsubid > 0
          AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
         LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = d.objsubid
         LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
          AND d.refobjid = holding.type
          AND (d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass OR c.oid IS NOT NULL)
       OFFSET 0) AS found)
  SELECT pg_catalog.count(stored) = 0, pg_catalog.string_agg(DISTINCT stored, ', ')
    FROM holding)",
                                  tree_of(table)));
  std::vector<std::string> going;
  for (const auto& column : columns) going.push_back(describe(table, column));
  check.message = fmt::format(
      "other columns store rows of {}, from which the values of {} would be lost at contract",
      quote(table.name), fmt::join(going, " and "));
  check.hint =
      "keep them as something else first (ALTER TABLE … ALTER COLUMN … TYPE jsonb USING "
      "to_jsonb(…)), or drop those columns";
  check.late = context.phase == Phase::contract;
  recipe.checks.push_back(std::move(check));
}

void look_at_users_of_sequences(const Context& context, const Table& table,
                                const std::string& column, Recipe& recipe) {
  if (!can_look(context, table)) return;
  const auto is_going = [&](std::string_view name) {
    return column.empty() ? std::string("true")
                          : fmt::format("{} = {}", name, quote_literal(column));
  };
  const auto users = fmt::format(R"({}
        SELECT d.classid, d.objid, d.objsubid
          FROM tree
          JOIN pg_catalog.pg_depend AS o ON o.refobjid = tree.oid AND o.deptype IN ('a', 'i')
           AND o.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
           AND o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
          JOIN pg_catalog.pg_class AS s ON s.oid = o.objid AND s.relkind = 'S'
          JOIN pg_catalog.pg_attribute AS a ON a.attrelid = tree.oid AND a.attnum = o.refobjsubid
          JOIN pg_catalog.pg_depend AS d ON d.refobjid = s.oid AND d.deptype = 'n'
           AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
         WHERE {} AND NOT EXISTS (SELECT FROM pg_catalog.pg_attrdef AS own
                 JOIN pg_catalog.pg_attribute AS at ON at.attrelid = own.adrelid
                  AND at.attnum = own.adnum
                WHERE d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
                  AND own.oid = d.objid AND own.adrelid IN (SELECT oid FROM tree) AND {}))",
                                 tree_of(table), is_going("a.attname"), is_going("at.attname"));
  auto check = asking(context, table, none_of(users));
  check.message = fmt::format(
      "{} cannot go: others use a sequence that it owns",
      column.empty() ? fmt::format("table {}", quote(table.name)) : describe(table, column));
  check.hint =
      "let one of them own it first (ALTER SEQUENCE … OWNED BY …), or give them another; zdm never "
      "uses CASCADE";
  check.late = context.phase == Phase::contract;
  recipe.checks.push_back(std::move(check));
}

void look_at_users_of_constraint(const Context& context, const Table& table,
                                 const std::string& constraint, Recipe& recipe) {
  look_at_users_of(context, table, fmt::format("k.conname = {}", quote_literal(constraint)),
                   fmt::format("constraint {} of {} cannot go: others rest on it",
                               quote_identifier(constraint), quote(table.name)),
                   recipe);
}

void look_at_users_of_constraints_on(const Context& context, const Table& table,
                                     const std::string& column, Recipe& recipe) {
  look_at_users_of(context, table,
                   fmt::format(R"(EXISTS (SELECT FROM pg_catalog.pg_attribute AS a
                WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) AND a.attname = {}))",
                               quote_literal(column)),
                   fmt::format("{} cannot go: others rest on a constraint that goes with it",
                               describe(table, column)),
                   recipe);
}

}  // namespace zdm::planner
