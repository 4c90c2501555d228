#include "recipes/untracked.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>

#include "sql/quote.hpp"
#include "sync/names.hpp"

namespace zdm::planner {

namespace {

constexpr std::size_t kMostNames = 5;

/// The user's triggers that fire and are such, by name and function.
std::vector<std::string> triggers_that(const Table& table,
                                       const std::function<bool(const Trigger&)>& are_such) {
  std::vector<std::string> names;
  for (const auto& trigger : table.triggers) {
    if (!trigger.enabled || trigger.name.starts_with(kTriggerPrefix)) continue;
    if (!are_such(trigger)) continue;
    names.push_back(
        fmt::format("trigger {} ({}())", quote_identifier(trigger.name), trigger.function));
  }
  return names;
}

bool names_column(const Trigger& trigger, const Column& column) {
  const auto& named = trigger.body_attnums;
  return std::ranges::find(named, column.attnum) != named.end();
}

std::string listed(std::vector<std::string> names) {
  const auto more = names.size() > kMostNames ? names.size() - kMostNames : 0;
  names.resize(names.size() - more);
  return fmt::format("{}{}", fmt::join(names, ", "),
                     more == 0 ? "" : fmt::format(" and {} more", more));
}

/// Known when the phase is planned; asked like any other check, so that it can be allowed. What is
/// in contract's way is only to be gone by then.
void refuse_later(const Context& context, const Table& table, const std::vector<std::string>& names,
                  std::string_view what, std::string_view hint, Recipe& recipe) {
  if (names.empty() || is_forecast(context, table)) return;
  recipe.checks.push_back({.table = table.name,
                           .columns = {},
                           .query = "SELECT false",
                           .message = fmt::format("{} {}", listed(names), what),
                           .hint = std::string(hint),
                           .where = where_of(context),
                           .hazard = std::string(kTriggerFunctions),
                           .late = context.phase == Phase::contract});
}

void warn_of_subscribers(const Table& table, const std::vector<std::string>& columns,
                         Recipe& recipe) {
  if (!table.published) return;
  recipe.warnings.push_back(
      {.code = "published-table",
       .message = fmt::format(
           "{} is in a publication: replication to a subscriber without {} {} stops at the next "
           "change of a row, unless the publication lists columns; add {} there before this phase",
           quote(table.name), columns.size() == 1 ? "column" : "columns", fmt::join(columns, ", "),
           columns.size() == 1 ? "it" : "them")});
}

}  // namespace

void look_at_readers_of_new(const Context& context, const Table& table,
                            const std::vector<std::string>& columns, Recipe& recipe) {
  const auto names =
      triggers_that(table, [](const Trigger& trigger) { return trigger.inserts_row; });
  refuse_later(context, table, names,
               fmt::format("inserts whole rows of {} (old.*, new.*), which get a column more: "
                           "every statement that fires it would fail",
                           quote(table.name)),
               "let it name the columns; if the other table has room, --allow trigger-functions",
               recipe);
  warn_of_subscribers(table, columns, recipe);
}

void warn_of_functions(const Context& context, const Table& table, const Column& column,
                       Recipe& recipe) {
  if (is_forecast(context, table)) return;
  std::vector<std::string> names;
  for (const auto& dependent : table.dependents) {
    if (dependent.certain || dependent.kind != DependentKind::function) continue;
    if (std::ranges::find(dependent.attnums, column.attnum) == dependent.attnums.end()) continue;
    names.push_back(dependent.name);
  }
  if (names.empty()) return;
  recipe.warnings.push_back(
      {.code = "function-bodies",
       .message = fmt::format("{} {} this table and a column {}, which the server does not track: "
                              "see that the column is no longer used there when contract drops it",
                              listed(names), names.size() == 1 ? "names" : "name",
                              quote_identifier(column.name))});
}

void warn_of_triggers_before(const Table& table, const Column& column, Recipe& recipe) {
  const auto names = triggers_that(table, [&](const Trigger& trigger) {
    return trigger.before && names_column(trigger, column);
  });
  if (names.empty()) return;
  recipe.warnings.push_back(
      {.code = "trigger-before",
       .message = fmt::format("{} {} {} before zdm's trigger fills it from what the next release "
                              "writes: what it does to the value must be done to the new shape too",
                              listed(names), names.size() == 1 ? "reads or sets" : "read or set",
                              describe(table, column.name))});
}

void warn_of_inserts_without_list(const Table& table, Recipe& recipe) {
  recipe.warnings.push_back(
      {.code = "no-column-list",
       .message = fmt::format("from here on {} has a column more: INSERT INTO {} VALUES (…), and "
                              "INSERT … SELECT * from it, fail where they list no columns, in "
                              "triggers too",
                              quote(table.name), quote(table.name))});
}

void look_at_right_to_skip(const Context& context, const Table& table, UserTriggers chosen,
                           Recipe& recipe) {
  const auto& catalog = context.catalog;
  if (chosen != UserTriggers::skip || catalog.engine != Engine::postgresql || catalog.superuser) {
    return;
  }
  if (is_forecast(context, table)) return;
  recipe.checks.push_back(
      {.table = table.name,
       .columns = {},
       .query =
           catalog.server_version < 150000
               ? "SELECT false"
               : "SELECT pg_catalog.has_parameter_privilege('session_replication_role', 'SET')",
       .message = fmt::format("user_triggers = \"skip\" needs the right to set "
                              "session_replication_role, which {} does not have",
                              catalog.user),
       .hint = "GRANT SET ON PARAMETER session_replication_role (PostgreSQL 15 and later), or say "
               "user_triggers = \"fire\"",
       .where = where_of(context)});
}

void look_at_triggers_naming(const Context& context, const Table& table, const Column& column,
                             Recipe& recipe) {
  const auto names =
      triggers_that(table, [&](const Trigger& trigger) { return names_column(trigger, column); });
  refuse_later(
      context, table, names,
      fmt::format("names {} as old.{} or new.{}: every write that fires it would fail once "
                  "the column is gone",
                  describe(table, column.name), quote_identifier(column.name),
                  quote_identifier(column.name)),
      "change the function to the new shape first; if it does so only for other tables, "
      "--allow trigger-functions",
      recipe);
}

void look_at_stored_rows(const Context& context, const Table& table,
                         const std::vector<std::string>& columns, Recipe& recipe) {
  if (context.catalog.engine == Engine::sqlite || is_forecast(context, table)) return;
  std::vector<std::string> going;
  for (const auto& column : columns) going.push_back(describe(table, column));
  // As find_composite_type_dependencies() looks, by pg_depend alone, as no index finds a column by
  // its type; OFFSET 0 as the server expects more types than there are, and would read all of it.
  // A row of a partition is one of the table too.
  recipe.checks.push_back(
      {.table = table.name,
       .columns = {},
       .query = fmt::format(R"(WITH RECURSIVE tree AS (
    SELECT pg_catalog.to_regclass({})::pg_catalog.oid AS oid
    UNION
    SELECT i.inhrelid FROM tree JOIN pg_catalog.pg_inherits AS i ON i.inhparent = tree.oid),
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
                            quote_literal(quote(table.name))),
       .message =
           fmt::format("other columns store rows of {}, from which the values of {} would be "
                       "lost at contract",
                       quote(table.name), fmt::join(going, " and ")),
       .hint = "keep them as something else first (ALTER TABLE … ALTER COLUMN … TYPE jsonb USING "
               "to_jsonb(…)), or drop those columns",
       .where = where_of(context),
       .late = context.phase == Phase::contract});
}

}  // namespace zdm::planner
