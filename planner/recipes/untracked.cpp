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

}  // namespace zdm::planner
