#include <fmt/format.h>
#include <algorithm>
#include <functional>

#include "model/migration.hpp"
#include "recipes/column_replacement.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "sql/expression.hpp"
#include "sql/quote.hpp"
#include "sql/text.hpp"
#include "sync/names.hpp"

/// What SQLite is asked before a replacement begins: its constraints look at a row before the
/// triggers fill the other shape.
namespace zdm::planner {

void look_for_value(const MigrationId& migration, std::size_t change, const Assignment& up,
                    Recipe& recipe) {
  const Fill missing{.migration = migration,
                     .change = change,
                     .assignments = {{.column = up.column,
                                      .expression = "'a value'",
                                      .reads = up.reads,
                                      .type = {}}},
                     .inverse = {},
                     .repair = true};
  for (auto& fragment : recipe.fragments) {
    auto* verify = std::get_if<VerifyAction>(&fragment.step.action);
    if (verify != nullptr) verify->fills.push_back(missing);
  }
}

void demand_value(const Context& context, const Table& table, const Assignment& up,
                  Recipe& recipe) {
  look_for_value(context.migration.id, context.change, up, recipe);
  if (is_forecast(context, table)) return;
  const bool comment = up.expression.find("--") != std::string::npos;
  auto check = statements::holds_for_all_rows(
      table,
      fmt::format("{} IS NOT NULL OR ({}{}) IS NOT NULL", quote_identifier(up.column),
                  up.expression, comment ? "\n" : ""),
      fmt::format("NOT NULL of {}, whose values come from `up`,", describe(table, up.column)),
      up.where);
  check.columns = up.reads;
  check.columns.push_back(up.column);
  recipe.checks.push_back(std::move(check));
}

namespace replacement {

namespace {

/// The forward assignments of columns that end up NOT NULL.
std::vector<const Assignment*> demanded(const Subject& subject) {
  std::vector<const Assignment*> result;
  if (subject.words.common.on_error != OnError::fail) return result;
  for (const auto& up : subject.words.forward) {
    const auto& columns = subject.words.new_columns;
    const auto column = std::ranges::find(columns, up.column, &NewColumn::name);
    if (column != columns.end() && column->not_null) result.push_back(&up);
  }
  return result;
}

bool is_old(const Subject& subject, std::string_view name) {
  return std::ranges::any_of(subject.words.old_columns,
                             [&](const auto& each) { return equal_folded(each, name); });
}

/// What stands in an old column that an INSERT leaves out, or empty for any other column.
std::string left_out(const Subject& subject, std::string_view name) {
  if (!is_old(subject, name)) return {};
  const auto* column = find_column(Engine::sqlite, subject.table, name);
  if (column == nullptr || column->default_sql.empty()) return "NULL";
  return fmt::format("({})", column->default_sql);
}

/// A writer of the new shape leaves the old column out, and SQLite looks at its CHECKs before the
/// trigger fills it: they must hold for what stands there then.
void add_check_checks(const Subject& subject, Recipe& recipe) {
  const auto without = [&](std::string_view name) { return left_out(subject, name); };
  for (const auto* check : checks_on_old(subject)) {
    const auto text = replace_columns(Engine::sqlite, check->expression, without);
    const bool alone = check->attnums.size() == 1;
    recipe.checks.push_back(
        {.table = subject.table.name,
         .columns = {},
         .query = alone ? fmt::format("SELECT coalesce(({}\n), 1)", text)
                        : fmt::format("SELECT NOT EXISTS (SELECT 1 FROM {} WHERE NOT ({}\n))",
                                      quote(subject.table.name), text),
         .message = fmt::format("{} of {} does not hold where the old column is left out, as the "
                                "next release will",
                                check->definition, quote(subject.table.name)),
         .hint = "rebuild the table with a check that lets NULL pass, such as NOT NULL instead of "
                 "IS NOT NULL, in an earlier migration",
         .where = where_of(subject.context)});
  }
}

/// Whether two rows of the table could meet in the index, with `old_value` for the old columns and
/// anything for the others. A key that is NULL meets no other.
std::string may_meet(const Subject& subject, const Index& index,
                     const std::function<std::string(std::string_view)>& old_value) {
  const auto with = [&](std::string_view sql, std::string_view others) {
    return replace_columns(Engine::sqlite, sql, [&](std::string_view name) {
      auto value = old_value(name);
      if (!value.empty()) return value;
      const bool known = find_column(Engine::sqlite, subject.table, name) != nullptr;
      return known ? std::string(others) : std::string();
    });
  };
  std::string text = "1";
  for (const auto& key : index.keys) {
    const auto bare = std::string_view(key.sql).substr(0, key.sql.size() - key.suffix.size());
    text += fmt::format(" AND ({}\n) IS NOT NULL", with(bare, "1"));
  }
  if (index.predicate.empty()) return text;
  return fmt::format("{} AND (coalesce(({}\n), 0) OR coalesce(({}\n), 0))", text,
                     with(index.predicate, "1"), with(index.predicate, "NULL"));
}

bool on_old_column(const Subject& subject, const Index& index) {
  return std::ranges::any_of(subject.words.old_columns, [&](const std::string& name) {
    const auto* column = subject.table.column(name);
    return column != nullptr &&
           std::ranges::find(index.attnums, column->attnum) != index.attnums.end();
  });
}

/// Its values differ from row to row without anybody giving them.
bool is_random(const Subject& subject, const std::string& name) {
  const auto* column = subject.table.column(name);
  return column != nullptr && column->default_kind == DefaultKind::volatile_ &&
         column->default_sql.find("random") != std::string::npos;
}

/// Unique indexes are looked at before the triggers, too: what INSERT OR REPLACE finds there is
/// deleted. So what stands in the columns left out must meet no row: those of the old shape, and in
/// the twins those of the new one, which have no default yet.
void add_unique_checks(const Subject& subject, Recipe& recipe) {
  if (std::ranges::any_of(subject.words.old_columns,
                          [&](const auto& name) { return is_random(subject, name); })) {
    return;
  }
  const auto without = [&](std::string_view name) { return left_out(subject, name); };
  const auto null = [&](std::string_view name) {
    return is_old(subject, name) ? std::string("NULL") : std::string();
  };
  for (const auto& index : subject.table.indexes) {
    if (!index.unique || !on_old_column(subject, index)) continue;
    recipe.checks.push_back(
        {.table = subject.table.name,
         .columns = {},
         .query = fmt::format("SELECT NOT ({}) AND NOT ({})", may_meet(subject, index, without),
                              may_meet(subject, index, null)),
         .message = fmt::format(
             "unique index {} of {} would take rows for equal that leave the old or the new column "
             "out, as each release does with the other's: SQLite looks before the triggers fill it",
             quote_identifier(index.name.name), quote(subject.table.name)),
         .hint = "drop the index, or rebuild the table without the column's default, in an earlier "
                 "migration; an index that NULL passes by is no trouble",
         .where = where_of(subject.context)});
  }
}

}  // namespace

/// The checks of the table that read an old column, to be carried.
std::vector<const Constraint*> checks_on_old(const Subject& subject) {
  std::vector<const Constraint*> checks;
  for (const auto& constraint : subject.table.constraints) {
    if (constraint.kind != ConstraintKind::check) continue;
    const bool on_it = std::ranges::any_of(subject.words.old_columns, [&](const auto& name) {
      const auto* column = subject.table.column(name);
      return column != nullptr &&
             std::ranges::find(constraint.attnums, column->attnum) != constraint.attnums.end();
    });
    if (on_it) checks.push_back(&constraint);
  }
  return checks;
}

void add_left_out_checks(const Subject& subject, Recipe& recipe) {
  add_check_checks(subject, recipe);
  add_unique_checks(subject, recipe);
}

void look_for_values(const Subject& subject, Recipe& recipe) {
  for (const auto* up : demanded(subject)) {
    look_for_value(subject.context.migration.id, subject.context.change, *up, recipe);
  }
}

void demand_values(const Subject& subject, Recipe& recipe) {
  for (const auto* up : demanded(subject)) {
    demand_value(subject.context, subject.table, *up, recipe);
  }
}

}  // namespace replacement

}  // namespace zdm::planner
