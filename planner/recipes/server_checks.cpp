#include "recipes/server_checks.hpp"

#include <fmt/format.h>

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
                      fmt::format(R"(WITH RECURSIVE tree AS (
    SELECT pg_catalog.to_regclass({})::pg_catalog.oid AS oid
    UNION
    SELECT i.inhrelid FROM tree JOIN pg_catalog.pg_inherits AS i ON i.inhparent = tree.oid)
SELECT pg_catalog.count(*) = 0,
       pg_catalog.string_agg(pg_catalog.format('%I.%I', n.nspname, c.relname), ', '
                             ORDER BY n.nspname, c.relname)
  FROM tree
  JOIN pg_catalog.pg_class AS c ON c.oid = tree.oid AND c.relkind = 'f'
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace)",
                                  quote_literal(quote(table.name))));
  check.message = fmt::format(
      "partitions of {} are foreign tables: what they stand for stays as it is, so that they can "
      "be neither changed nor filled nor indexed along",
      quote(table.name));
  check.hint = "detach them first, or write the steps for both servers as kind = \"sql\"";
  // First of all: others plan statements, for which the far side may be asked.
  recipe.checks.insert(recipe.checks.begin(), std::move(check));
}

}  // namespace zdm::planner
