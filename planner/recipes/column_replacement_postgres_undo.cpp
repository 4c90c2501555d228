#include "recipes/column_replacement_postgres.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "locks/claims.hpp"
#include "model/migration.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "sql/quote.hpp"

/// PostgreSQL's way back: every phase but contract, without loss.
namespace zdm::planner::replacement {

namespace {

namespace sql = statements;

void append(std::vector<std::string>& to, std::vector<std::string> from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

void forget(const Subject& subject, Step& step, const std::string& role) {
  if (subject.context.progress.column(subject.context.change, role) == nullptr) return;
  step.records.emplace_back(ForgetColumn{.change = subject.context.change, .role = role});
}

Result<Recipe> undo_expand(const Subject& subject) {
  Recipe recipe;
  auto retire = fragment(subject, Slot::retire, StepKind::transaction, "");
  for (const auto& column : subject.words.new_columns) {
    if (subject.table.column(column.name) != nullptr &&
        subject.context.progress.column(subject.context.change, new_role(column)) != nullptr) {
      retire.step.sql.push_back(sql::drop_column(subject.table, column.name));
      retire.step.effects.emplace_back(DropColumn{subject.table.name, column.name});
    }
    forget(subject, retire.step, new_role(column));
  }
  for (const auto& name : subject.words.old_columns)
    forget(subject, retire.step, old_role(subject.words, name));
  if (retire.step.sql.empty() && retire.step.records.empty()) return recipe;
  retire.step.locks = Claims().table(subject.table, LockMode::access_exclusive).list();
  recipe.fragments.push_back(std::move(retire));
  return recipe;
}

/// One twin, or a helper check, as it stands now.
void drop_twin(const Subject& subject, const std::string& name, Step& step, SyncAction& action,
               Claims& claims) {
  if (const auto* constraint = subject.table.constraint(name)) {
    action.after.push_back(sql::drop_constraint(subject.table, name));
    step.effects.emplace_back(DropConstraint{subject.table.name, name});
    if (constraint->references) {
      claims.add(constraint->references->table, LockMode::access_exclusive);
    }
  } else if (const auto* index = subject.table.index(name)) {
    action.after.push_back(sql::drop_index(index->name));
    step.effects.emplace_back(DropIndex{subject.table.name, name});
    claims.add(index->name, LockMode::access_exclusive);
  }
}

/// What the backfill made, and what another change in flight made of that: it would go with the
/// column.
Result<void> drop_twins(const Subject& subject, Step& step, SyncAction& action, Claims& claims) {
  ZDM_TRY(const auto twins, twins_standing(subject));
  for (const auto& name : twins) drop_twin(subject, name, step, action, claims);
  for (const auto& record : subject.context.progress.columns) {
    if (record.change != subject.context.change) continue;
    const bool helper = record.role.starts_with("not_null:");
    if (!helper && !record.role.starts_with("twin:")) continue;
    step.records.emplace_back(ForgetColumn{.change = record.change, .role = record.role});
    if (helper) drop_twin(subject, record.name, step, action, claims);
  }
  return {};
}

/// What was filled could go stale unseen once the trigger is gone, so the new columns are made
/// anew, empty.
Result<Recipe> undo_backfill(const Subject& subject) {
  Recipe recipe;
  auto retire =
      fragment(subject, Slot::retire, StepKind::transaction,
               "the new columns are made anew, empty: what is in them follows from the old");
  SyncAction action{.table = subject.table.name};
  if (!subject.app_writes()) action.leave.push_back(subject.context.change);
  Claims claims;
  claims.table(subject.table, LockMode::access_exclusive);
  ZDM_CHECK(drop_twins(subject, retire.step, action, claims));
  for (const auto& column : subject.words.new_columns) {
    if (subject.table.column(column.name) == nullptr) continue;
    action.after.push_back(sql::drop_column(subject.table, column.name));
    retire.step.effects.emplace_back(DropColumn{subject.table.name, column.name});
  }
  add_columns(subject, retire.step);
  append(action.after, std::move(retire.step.sql));
  retire.step.sql.clear();
  retire.step.action = std::move(action);
  retire.step.locks = claims.list();
  recipe.fragments.push_back(std::move(retire));
  return recipe;
}

Result<Recipe> undo_switch(const Subject& subject) {
  Recipe recipe;
  auto step = fragment(subject, Slot::exchange, StepKind::transaction, "");
  Claims claims;
  claims.table(subject.table, LockMode::access_exclusive);
  for (const auto& column : subject.words.new_columns) {
    const auto* present = subject.table.column(column.name);
    if (present == nullptr || !present->not_null || !needs_not_null(subject, column)) continue;
    guarantee::drop_not_null(site_of(subject), column.name, step.step);
  }
  ZDM_TRY(const auto pairs, pairs_of(subject));
  for (const auto& pair : pairs) {
    if (pair.index == nullptr) continue;
    guarantee::detach_unique(site_of(subject), pair.twin, step.step, recipe);
  }
  if (subject.words.exchanged) change_places(subject, step.step);
  if (step.step.sql.empty() && !subject.words.exchanged) return recipe;
  step.step.locks = claims.merge(step.step.locks).list();
  recipe.fragments.push_back(std::move(step));
  return recipe;
}

}  // namespace

Result<Recipe> undo_postgres(const Subject& subject) {
  switch (subject.context.phase) {
    case Phase::expand:
      return undo_expand(subject);
    case Phase::backfill:
      return undo_backfill(subject);
    case Phase::switch_:
      return undo_switch(subject);
    case Phase::contract:
      break;
  }
  return fail_at(where_of(subject.context), ErrorCode::refused,
                 "contract cannot be undone: the old columns and their data are gone",
                 "restore them from a backup, or write a new migration");
}

}  // namespace zdm::planner::replacement
