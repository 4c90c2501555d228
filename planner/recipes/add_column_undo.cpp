#include "locks/claims.hpp"
#include "recipes/add_column_parts.hpp"
#include "recipes/statements.hpp"

namespace zdm::planner::addition {

Recipe undo_expand(const Site& site) {
  Recipe recipe;
  const bool ours =
      site.context.progress.column(site.context.change, "new:" + site.words.name) != nullptr;
  if (!ours) return recipe;
  auto retire = guarantee::fragment(site, Slot::retire, StepKind::transaction, "");
  if (site.table.column(site.words.name) != nullptr) {
    retire.step.sql = {statements::drop_column(site.table, site.words.name)};
    retire.step.effects = {DropColumn{site.table.name, site.words.name}};
    retire.step.rewrites = site.sqlite();
  }
  guarantee::forget(site, "new:", retire.step);
  claim_table(site, retire.step);
  recipe.fragments.push_back(std::move(retire));
  return recipe;
}

Recipe undo_backfill(const Site& site) {
  Recipe recipe;
  auto retire = guarantee::fragment(site, Slot::retire, StepKind::transaction, "");
  SyncAction action{.table = site.table.name};
  const bool rule = site.up && !site.words.common.dual_write_app;
  if (rule) action.leave = {site.context.change};
  for (const auto& record : site.context.progress.columns) {
    if (record.change != site.context.change || record.role.starts_with("new:")) continue;
    retire.step.records.emplace_back(ForgetColumn{.change = record.change, .role = record.role});
    if (site.table.constraint(record.name) != nullptr) {
      guarantee::drop_constraint(site, record.name, retire.step, action.after);
    } else if (const auto* index = site.table.index(record.name)) {
      action.after.push_back(statements::drop_index(index->name));
      retire.step.effects.emplace_back(DropIndex{site.table.name, record.name});
      if (!site.sqlite()) {
        retire.step.locks =
            Claims().merge(retire.step.locks).add(index->name, LockMode::access_exclusive).list();
      }
    }
  }
  if (site.up && site.table.column(site.words.name) != nullptr) {
    // What was filled could go stale unseen once the trigger is gone.
    action.after.push_back(statements::drop_column(site.table, site.words.name));
    retire.step.effects.emplace_back(DropColumn{site.table.name, site.words.name});
    retire.step.rewrites = site.sqlite();
    add_shape(site, retire.step, action.after);
  }
  if (!rule && action.after.empty() && retire.step.records.empty()) return recipe;
  retire.step.action = std::move(action);
  claim_table(site, retire.step);
  recipe.fragments.push_back(std::move(retire));
  return recipe;
}

Recipe undo_switch(const Site& site) {
  Recipe recipe;
  if (site.sqlite()) return recipe;
  auto step = guarantee::fragment(site, Slot::exchange, StepKind::transaction, "");
  const auto* present = site.table.column(site.words.name);
  if (present != nullptr && present->not_null) {
    guarantee::drop_not_null(site, site.words.name, step.step);
  }
  if (site.words.unique) guarantee::detach_unique(site, site.unique_name(), step.step, recipe);
  if (!step.step.sql.empty()) recipe.fragments.push_back(std::move(step));
  return recipe;
}

}  // namespace zdm::planner::addition
