#include <fmt/format.h>
#include <algorithm>

#include "model/migration.hpp"
#include "recipes/column_replacement.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "recipes/untracked.hpp"
#include "sql/expression.hpp"
#include "sql/quote.hpp"
#include "sql/sqlite_table.hpp"

/// SQLite's half: AFTER triggers keep both shapes and enforce NOT NULL; what ALTER TABLE cannot do
/// is done by editing sqlite_schema, as its documentation describes (lang_altertable.html, section
/// 7).
namespace zdm::planner::replacement {

namespace {

namespace sql = statements;

void append(std::vector<std::string>& to, std::vector<std::string> from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

Result<void> refuse_table(const Subject& subject) {
  const auto refuse = [&](std::string message, std::string_view hint) {
    return fail_at(where_of(subject.context), ErrorCode::refused, std::move(message),
                   std::string(hint));
  };
  if (subject.table.without_rowid) {
    return refuse(fmt::format("table {} is WITHOUT ROWID, which the backfill cannot walk",
                              quote(subject.table.name)),
                  "rebuild the table with a rowid first");
  }
  for (const auto& index : subject.table.indexes) {
    if (!index.definition.empty()) continue;
    for (const auto& name : subject.words.old_columns) {
      const auto* column = subject.table.column(name);
      if (column == nullptr ||
          std::ranges::find(index.attnums, column->attnum) == index.attnums.end()) {
        continue;
      }
      return refuse(fmt::format("{} is in a PRIMARY KEY or UNIQUE constraint of its table, which "
                                "SQLite cannot drop a column from",
                                describe(subject.table, name)),
                    "rebuild the table with a unique index instead of the constraint");
    }
  }
  return {};
}

tl::unexpected<Error> refuse_check(const Subject& subject, const Constraint& check,
                                   std::string_view why) {
  return fail_at(where_of(subject.context), ErrorCode::refused,
                 fmt::format("{}{} of {} cannot be carried to the new column: {}",
                             check.name.empty() ? "" : fmt::format("constraint {}, ", check.name),
                             check.definition, quote(subject.table.name), why),
                 fmt::format("in an earlier migration, without it, {}", sql::kRebuild));
}

/// What of an old column's definition would vanish or fail at contract. A CHECK is carried there by
/// its text, which nobody proves: so only where the new column holds the very same values.
Result<void> refuse_definitions(const Subject& subject) {
  if (subject.table.sql.empty()) return {};
  for (const auto& name : subject.words.old_columns) {
    if (subject.table.column(name) == nullptr) continue;
    ZDM_TRY(const bool conflict, sqlite_column_says(subject.table.sql, name, "on", "conflict"));
    if (conflict) {
      return fail_at(where_of(subject.context), ErrorCode::refused,
                     fmt::format("{} has a constraint with ON CONFLICT, which cannot be kept while "
                                 "both columns are written",
                                 describe(subject.table, name)),
                     "rebuild the table without that clause in an earlier migration");
    }
    ZDM_TRY(const bool key, sqlite_column_says(subject.table.sql, name, "primary", "key"));
    if (key) {
      return fail_at(where_of(subject.context), ErrorCode::refused,
                     fmt::format("{} is the PRIMARY KEY, which SQLite cannot drop",
                                 describe(subject.table, name)),
                     "rebuild the table in a maintenance window instead");
    }
  }
  const auto checks = checks_on_old(subject);
  if (checks.empty()) return {};
  if (subject.words.exchanged) {
    return refuse_check(subject, *checks.front(), "the two columns change places");
  }
  for (const auto& up : subject.words.forward) {
    if (up.reads.size() != 1 || up.expression != quote_identifier(up.reads.front())) {
      return refuse_check(subject, *checks.front(), "its values are not those of the old one");
    }
  }
  return {};
}

std::string column_type(const Subject& subject, const NewColumn& column) {
  const auto* like = subject.table.column(column.like);
  std::string type = column.type;
  if (like != nullptr && !like->collation.empty()) type += " COLLATE " + like->collation;
  for (const auto& constraint : subject.table.constraints) {
    const bool own = constraint.references && like != nullptr && constraint.attnums.size() == 1 &&
                     constraint.attnums.front() == like->attnum;
    if (!own) continue;
    // One of the table is carried by its text at contract.
    const auto of_column = sqlite_column_says(subject.table.sql, like->name, "references");
    if (!subject.table.sql.empty() && of_column && !*of_column) continue;
    // ADD COLUMN takes REFERENCES as long as the default is NULL (lang_altertable.html, section 4).
    const auto at = constraint.definition.find("REFERENCES ");
    if (at != std::string::npos) type += " " + constraint.definition.substr(at);
    break;  // the column's own stands before those of the table
  }
  return type;
}

void add_columns(const Subject& subject, Step& step) {
  for (const auto& added : subject.words.new_columns) {
    Column column{.name = added.name, .type = column_type(subject, added)};
    append(step.sql, sql::add_column(Engine::sqlite, subject.table, column));
    step.records.emplace_back(RecordColumn{.change = subject.context.change,
                                           .role = new_role(added),
                                           .table = subject.table.name,
                                           .column = added.name});
    column.type = added.type;
    step.effects.emplace_back(PutColumn{subject.table.name, column});
  }
}

Result<Recipe> expand(const Subject& subject) {
  ZDM_CHECK(refuse_table(subject));
  ZDM_CHECK(refuse_definitions(subject));
  ZDM_TRY(const Twins twins, twins_of(subject.context, subject.table, subject.words.carried));
  Recipe recipe;
  auto shape = fragment(subject, Slot::shape, StepKind::transaction, "");
  for (const auto& name : subject.words.old_columns) {
    shape.step.records.emplace_back(RecordColumn{.change = subject.context.change,
                                                 .role = old_role(subject.words, name),
                                                 .table = subject.table.name,
                                                 .column = name});
  }
  add_columns(subject, shape.step);
  recipe.fragments.push_back(std::move(shape));
  if (!is_forecast(subject.context, subject.table)) {
    const auto add = [&](Assignment each, std::string_view key) {
      const auto null = [&](std::string_view name) { return null_of_new(subject, name); };
      each.expression = replace_columns(Engine::sqlite, each.expression, null);
      recipe.checks.push_back(
          sql::accepts_expression(subject.table, each, called(subject, each, key)));
    };
    for (const auto& up : subject.words.forward) add(up, "up");
    for (const auto& down : subject.words.backward) add(down, "down");
    add_null_checks(subject, recipe);
    add_left_out_checks(subject, recipe);
  }
  warn_of_inserts_without_list(subject.table, recipe);
  recipe.warnings.push_back(
      {.code = "returning-before-sync",
       .message =
           fmt::format("INSERT … RETURNING and UPDATE … RETURNING on {} show the row as it was "
                       "before the other shape was filled: SQLite runs AFTER triggers later",
                       quote(subject.table.name))});
  recipe.warnings.push_back(
      {.code = "conflict-clauses",
       .message = fmt::format(
           "OR IGNORE, OR FAIL and OR REPLACE of a write to {} hold for what the triggers do for "
           "it, too: where the other shape's value breaks a constraint, the two shapes differ "
           "then, or another row goes; and a NULL for a NOT NULL column fails the whole statement",
           quote(subject.table.name))});
  recipe.warnings.push_back(
      {.code = "drop-column-rewrites",
       .message =
           fmt::format("DROP COLUMN at contract (and at rollback of expand or backfill) rewrites "
                       "{} under SQLite's write lock, about 0.4 s per million rows: about "
                       "{:.1f} s",
                       quote(subject.table.name), subject.table.rows * 0.4e-6)});
  return recipe;
}

/// The table's text with NOT NULL of old columns lifted where a writer of the new shape leaves them
/// out.
Result<std::string> lifted(const Subject& subject, const std::string& text) {
  std::string result = text;
  for (const auto& name : subject.words.old_columns) {
    const auto* column = subject.table.column(name);
    if (column == nullptr || !column->not_null || !column->default_sql.empty()) continue;
    ZDM_TRY(result, sqlite_set_not_null(result, column->name, false));
  }
  return result;
}

Result<Recipe> backfill(const Subject& subject) {
  ZDM_TRY(const Twins twins, twins_of(subject.context, subject.table, subject.words.carried));
  Recipe recipe;
  auto sync = fragment(subject, Slot::sync, StepKind::transaction,
                       "from here on every write fills both shapes");
  SyncAction action{.table = subject.table.name};
  if (!subject.app_writes()) action.enter.push_back(rule_of(subject));
  if (!subject.table.sql.empty()) {
    ZDM_TRY(const std::string text, lifted(subject, subject.table.sql));
    sql::edit_sqlite_schema(subject.table, text, sync.step, action.before);
    for (const auto& name : subject.words.old_columns) {
      const auto* column = subject.table.column(name);
      if (text == subject.table.sql || column == nullptr || !column->default_sql.empty()) continue;
      auto nullable = *column;
      nullable.not_null = false;
      sync.step.effects.emplace_back(PutColumn{subject.table.name, nullable});
    }
  }
  if (!action.before.empty()) {
    sync.step.note +=
        "; the old column's NOT NULL is enforced by the triggers from here on, because a "
        "writer of the new shape leaves it out";
  }
  sync.step.action = std::move(action);
  for (const auto& twin : twins.indexes) {
    sync.step.records.emplace_back(RecordName{.change = subject.context.change,
                                              .role = twin_role(twin.old.name.name),
                                              .table = subject.table.name,
                                              .name = twin.twin.name.name});
  }
  recipe.fragments.push_back(std::move(sync));
  add_fill(subject, recipe);
  demand_values(subject, recipe);
  for (const auto& twin : twins.indexes) {
    auto build = fragment(subject, Slot::build, StepKind::transaction,
                          "holds SQLite's write lock while it is built");
    build.step.sql = {twin.create};
    build.step.scans = true;
    build.step.effects = {PutIndex{subject.table.name, twin.twin}};
    recipe.fragments.push_back(std::move(build));
  }
  return recipe;
}

Result<std::string> with_guarantees(const Subject& subject, const std::string& text) {
  std::string result = text;
  for (const auto& column : subject.words.new_columns) {
    if (column.not_null) {
      ZDM_TRY(result, sqlite_set_not_null(result, column.name, true));
    }
    if (!column.default_sql.empty()) {
      ZDM_TRY(result, sqlite_set_default(result, column.name, column.default_sql));
    }
  }
  return result;
}

/// The table as it stands before the old columns go: what read them reads the new ones.
Result<Table> carried_to_new(const Subject& subject) {
  Table table = subject.table;
  ZDM_TRY(const Twins twins, twins_of(subject.context, subject.table, subject.words.carried));
  for (const auto& twin : twins.constraints) {
    for (auto& each : table.constraints) {
      const bool same = each.kind == twin.old.kind && each.name == twin.old.name &&
                        each.definition == twin.old.definition;
      if (!same) continue;
      each.attnums = twin.twin.attnums;
      each.expression = twin.twin.expression;
      each.definition = twin.definition;
    }
  }
  return table;
}

Result<std::string> carried_text(const Subject& subject, std::string text) {
  for (const auto& [from, to] : subject.words.carried) {
    ZDM_TRY(text, sqlite_carry_constraints(text, from, to));
  }
  return text;
}

bool on_column(const Table& table, const Index& index, const std::string& name) {
  const auto* column = table.column(name);
  return column != nullptr &&
         std::ranges::find(index.attnums, column->attnum) != index.attnums.end();
}

Result<Recipe> contract(const Subject& subject) {
  Recipe recipe;
  add_last_look(subject, recipe);
  look_for_values(subject, recipe);
  auto retire =
      fragment(subject, Slot::retire, StepKind::transaction,
               "the old shape goes for good; rewrites the table under SQLite's write lock");
  retire.step.destructive = true;
  retire.step.rewrites = true;
  SyncAction action{.table = subject.table.name};
  if (!subject.app_writes()) action.leave.push_back(subject.context.change);
  for (const auto& name : subject.words.old_columns) {
    ZDM_TRY(const Column column, subject_column(subject.context, subject.table, name));
    ZDM_CHECK(refuse_dependents(subject.context, subject.table, column));
    ZDM_CHECK(refuse_users_in_flight(subject.context, subject.table, name));
    for (const auto& index : subject.table.indexes) {
      if (!on_column(subject.table, index, name)) continue;
      ZDM_TRY(const auto twin, twin_name_of(subject, index.name.name, index));
      if (twin.empty() || subject.table.index(twin) == nullptr) {
        return fail_at(where_of(subject.context), ErrorCode::refused,
                       fmt::format("index {} would vanish with {} and has no twin",
                                   quote(index.name), describe(subject.table, name)),
                       "drop it yourself, or make its twin on the new column");
      }
      action.after.push_back(sql::drop_index(index.name));
      retire.step.effects.emplace_back(DropIndex{subject.table.name, index.name.name});
    }
  }
  if (!subject.table.sql.empty()) {
    ZDM_TRY(std::string text, with_guarantees(subject, subject.table.sql));
    ZDM_TRY(text, carried_text(subject, std::move(text)));
    for (const auto& column : subject.words.new_columns) {
      if (column.not_null || column.default_sql.empty()) continue;
      append(action.before, sql::store_nulls_on_sqlite(subject.table, column.name));
    }
    ZDM_TRY(const Table carried, carried_to_new(subject));
    sql::edit_sqlite_schema(carried, text, retire.step, action.before);
  }
  for (const auto& added : subject.words.new_columns) {
    if (const auto* present = subject.table.column(added.name)) {
      auto complete = *present;
      complete.not_null = added.not_null;
      complete.default_sql = added.default_sql;
      complete.default_kind = added.default_kind;
      retire.step.effects.emplace_back(PutColumn{subject.table.name, complete});
    }
  }
  for (const auto& name : subject.words.old_columns) {
    action.after.push_back(sql::drop_column(subject.table, name));
    retire.step.effects.emplace_back(DropColumn{subject.table.name, name});
  }
  retire.step.action = std::move(action);
  recipe.fragments.push_back(std::move(retire));
  return recipe;
}

void forget(const Subject& subject, Step& step, std::string_view prefix) {
  for (const auto& record : subject.context.progress.columns) {
    if (record.change != subject.context.change || !record.role.starts_with(prefix)) continue;
    step.records.emplace_back(ForgetColumn{.change = record.change, .role = record.role});
  }
}

void drop_new(const Subject& subject, Step& step, std::vector<std::string>& sql_list) {
  for (const auto& column : subject.words.new_columns) {
    if (subject.table.column(column.name) == nullptr ||
        subject.context.progress.column(subject.context.change, new_role(column)) == nullptr) {
      continue;
    }
    sql_list.push_back(sql::drop_column(subject.table, column.name));
    step.effects.emplace_back(DropColumn{subject.table.name, column.name});
  }
}

Result<Recipe> undo_expand(const Subject& subject) {
  Recipe recipe;
  auto retire = fragment(subject, Slot::retire, StepKind::transaction, "rewrites the table");
  drop_new(subject, retire.step, retire.step.sql);
  retire.step.rewrites = !retire.step.sql.empty();
  forget(subject, retire.step, "new:");
  forget(subject, retire.step, "old:");
  if (retire.step.sql.empty() && retire.step.records.empty()) return recipe;
  recipe.fragments.push_back(std::move(retire));
  return recipe;
}

/// NOT NULL comes back to the old columns that had it.
Result<std::string> restored(const Subject& subject, const std::string& text) {
  std::string result = text;
  for (const auto& name : subject.words.old_columns) {
    if (!old_shape(subject, name).not_null) continue;
    ZDM_TRY(result, sqlite_set_not_null(result, name, true));
  }
  return result;
}

Result<Recipe> undo_backfill(const Subject& subject) {
  Recipe recipe;
  auto retire =
      fragment(subject, Slot::retire, StepKind::transaction,
               "the new columns are made anew, empty: what is in them follows from the old");
  SyncAction action{.table = subject.table.name};
  if (!subject.app_writes()) action.leave.push_back(subject.context.change);
  ZDM_TRY(const auto twins, twins_standing(subject));
  for (const auto& name : twins) {
    const auto* index = subject.table.index(name);
    if (index == nullptr) continue;
    action.after.push_back(sql::drop_index(index->name));
    retire.step.effects.emplace_back(DropIndex{subject.table.name, name});
  }
  if (!subject.table.sql.empty()) {
    ZDM_TRY(const std::string text, restored(subject, subject.table.sql));
    sql::edit_sqlite_schema(subject.table, text, retire.step, action.before);
    for (const auto& name : subject.words.old_columns) {
      const auto* column = subject.table.column(name);
      if (column == nullptr) continue;
      auto back = *column;
      back.not_null = old_shape(subject, name).not_null;
      retire.step.effects.emplace_back(PutColumn{subject.table.name, back});
    }
  }
  drop_new(subject, retire.step, action.after);
  forget(subject, retire.step, "twin:");
  add_columns(subject, retire.step);
  append(action.after, std::move(retire.step.sql));
  retire.step.sql.clear();
  retire.step.rewrites = true;
  retire.step.action = std::move(action);
  recipe.fragments.push_back(std::move(retire));
  return recipe;
}

/// The triggers guarantee what PostgreSQL's constraints would: only a change under the same name
/// has something to do at switch, and to undo there.
Recipe exchange(const Subject& subject) {
  Recipe recipe;
  if (!subject.words.exchanged) return recipe;
  auto step = fragment(subject, Slot::exchange, StepKind::transaction,
                       "the two columns change names, and the triggers with them");
  SyncAction action{.table = subject.table.name};
  exchange_names(subject, step.step, action.before);
  if (!subject.app_writes()) {
    const Subject after{
        .context = subject.context, .words = *subject.words.exchanged, .table = subject.table};
    action.enter.push_back(rule_of(after));
  }
  step.step.action = std::move(action);
  recipe.fragments.push_back(std::move(step));
  return recipe;
}

}  // namespace

Result<Recipe> plan_sqlite(const Subject& subject) {
  switch (subject.context.phase) {
    case Phase::expand:
      return expand(subject);
    case Phase::backfill:
      return backfill(subject);
    case Phase::switch_:
      return exchange(subject);
    case Phase::contract:
      return contract(subject);
  }
  return fail(ErrorCode::bug, "unknown phase");
}

Result<Recipe> undo_sqlite(const Subject& subject) {
  switch (subject.context.phase) {
    case Phase::expand:
      return undo_expand(subject);
    case Phase::backfill:
      return undo_backfill(subject);
    case Phase::switch_:
      return exchange(subject);
    case Phase::contract:
      break;
  }
  return fail_at(where_of(subject.context), ErrorCode::refused,
                 "contract cannot be undone: the old columns and their data are gone",
                 "restore them from a backup, or write a new migration");
}

}  // namespace zdm::planner::replacement
