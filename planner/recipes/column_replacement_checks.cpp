#include <fmt/format.h>
#include <algorithm>

#include "recipes/column_replacement.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "sql/expression.hpp"
#include "sql/quote.hpp"

/// What both databases are asked about `up` and `down` before anything is added, and what people
/// are told of defaults.
namespace zdm::planner::replacement {

namespace {

/// Whether up(down(NULL)) can be asked without knowing a row.
bool closed_over(const std::vector<std::string>& reads, const std::vector<std::string>& columns) {
  return std::ranges::all_of(reads, [&](const std::string& name) {
    return std::ranges::find(columns, name) != columns.end();
  });
}

/// down(NULL) of an old column, with the type that storing it gives.
std::string down_of_null(const Subject& subject, std::string_view old_column) {
  const auto down = std::ranges::find(subject.words.backward, old_column, &Assignment::column);
  if (down == subject.words.backward.end()) return {};
  const auto null = [&](std::string_view name) { return null_of_new(subject, name); };
  const auto text = replace_columns(subject.context.catalog.engine, down->expression, null);
  const auto* column = subject.table.column(old_column);
  return subject.sqlite() || column == nullptr ? fmt::format("({}\n)", text)
                                               : fmt::format("(({}\n)::{})", text, column->type);
}

/// Until contract the old column's default serves, through the trigger; then nothing gives a value.
void warn_of_lost_defaults(const Subject& subject, Recipe& recipe) {
  for (const auto& column : subject.words.new_columns) {
    if (!column.default_sql.empty()) continue;
    const auto up = std::ranges::find(subject.words.forward, column.name, &Assignment::column);
    if (up == subject.words.forward.end()) continue;
    for (const auto& name : subject.words.old_columns) {
      const auto* old = subject.table.column(name);
      const bool read = std::ranges::find(up->reads, name) != up->reads.end();
      if (old == nullptr || old->default_sql.empty() || !read) continue;
      recipe.warnings.push_back(
          {.code = "default-lost",
           .message = fmt::format(
               "{} gets no default from that of {} ({}), since `up` reads more than that: after "
               "contract an INSERT that leaves it out {}; give it one by kind = \"set_default\" "
               "in a migration between switch and contract, if it needs one",
               describe(subject.table, column.name), quote_identifier(name), old->default_sql,
               column.not_null ? "fails" : "stores NULL")});
    }
  }
}

/// A default such as now() cannot be told from a value that was given: until contract the trigger
/// gives it, through the old column.
void warn_of_later_defaults(const Subject& subject, Recipe& recipe) {
  if (subject.sqlite() || subject.app_writes()) return;
  for (const auto& column : subject.words.new_columns) {
    if (column.default_sql.empty() || column.default_kind == DefaultKind::constant) continue;
    const auto& name = column.role.empty() ? column.name : column.role;
    recipe.warnings.push_back(
        {.code = "default-later",
         .message = fmt::format(
             "{} gets its default ({}) at contract: until then an INSERT of NULL counts as one "
             "that leaves it out, and UPDATE … SET {} = DEFAULT {}",
             describe(subject.table, name), column.default_sql, quote_identifier(name),
             column.not_null ? "fails" : "stores NULL")});
  }
}

}  // namespace

std::string null_of_new(const Subject& subject, std::string_view name) {
  const auto column = std::ranges::find(subject.words.new_columns, name, &NewColumn::name);
  if (column == subject.words.new_columns.end()) return {};
  return subject.sqlite() ? "NULL" : fmt::format("(NULL::{})", column->type);
}

std::string called(const Subject& subject, const Assignment& each, std::string_view key) {
  return fmt::format("`{}` of {}", key, describe(subject.table, each.column));
}

Result<void> refuse_going_reads(const Subject& subject) {
  const auto look = [&](const Assignment& each, std::string_view key) {
    return refuse_going(subject.context, subject.table, each.reads, called(subject, each, key));
  };
  for (const auto& up : subject.words.forward) ZDM_CHECK(look(up, "up"));
  for (const auto& down : subject.words.backward) ZDM_CHECK(look(down, "down"));
  return {};
}

void warn_of_defaults(const Subject& subject, Recipe& recipe) {
  warn_of_lost_defaults(subject, recipe);
  warn_of_later_defaults(subject, recipe);
}

void add_null_checks(const Subject& subject, Recipe& recipe) {
  const auto& words = subject.words;
  std::vector<std::string> new_names;
  for (const auto& column : words.new_columns) new_names.push_back(column.name);
  for (const auto& up : words.forward) {
    const auto column = std::ranges::find(words.new_columns, up.column, &NewColumn::name);
    if (column == words.new_columns.end() || column->not_null || words.backward.empty()) continue;
    const bool askable = closed_over(up.reads, words.old_columns) &&
                         std::ranges::all_of(words.backward, [&](const Assignment& down) {
                           return closed_over(down.reads, new_names);
                         });
    if (!askable) continue;
    const auto down = [&](std::string_view name) { return down_of_null(subject, name); };
    recipe.checks.push_back(
        {.table = subject.table.name,
         .columns = {},
         .query = fmt::format("SELECT ({}\n) IS NULL",
                              replace_columns(subject.context.catalog.engine, up.expression, down)),
         .message =
             fmt::format("up(down(NULL)) is not NULL for {}: a NULL written to it could not be "
                         "told from a row not filled yet",
                         describe(subject.table, up.column)),
         .hint = "make `down` of NULL something that `up` turns into NULL again",
         .where = up.where});
  }
}

}  // namespace zdm::planner::replacement
