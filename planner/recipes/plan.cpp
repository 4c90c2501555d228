#include "recipes/plan.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <ranges>

#include "recipes/assemble.hpp"
#include "release/natural_order.hpp"
#include "sql/quote.hpp"
#include "sync/compose.hpp"
#include "sync/pair.hpp"

namespace zdm::planner {

namespace {

template <class T>
void append(std::vector<T>& to, std::vector<T> from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

Result<Recipe> recipe_of(const Context& context, bool undo) {
  const auto& change = context.migration.changes[context.change];
  return std::visit(
      [&](const auto& kind) { return undo ? kind.undo(context) : kind.plan(context); },
      change.kind);
}

/// The order the changes are planned in: as written, or backwards to undo. At contract a view that
/// was replaced goes before the columns it reads.
std::vector<std::size_t> order_of(const Migration& migration, Phase phase, bool undo) {
  std::vector<std::size_t> order(migration.changes.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  if (undo) std::ranges::reverse(order);
  if (phase == Phase::contract) {
    std::stable_partition(order.begin(), order.end(), [&](std::size_t each) {
      return std::holds_alternative<ReplaceView>(migration.changes[each].kind);
    });
  }
  return order;
}

void warn_of_new_partitions(const Step& step, const Catalog& catalog,
                            std::vector<Warning>& warnings) {
  const auto* action = std::get_if<SyncAction>(&step.action);
  const auto* table = action == nullptr ? nullptr : catalog.table(action->table);
  if (table == nullptr || action->enter.empty() || !pair_is_per_leaf(catalog, *table)) return;
  warnings.push_back(
      {.code = "new-partition",
       .message = fmt::format("before PostgreSQL 13 a partition of {} made after backfill has no "
                              "trigger pair: make those needed until contract beforehand, or "
                              "switch and contract will refuse",
                              quote(table->name))});
}

Result<Steps> plan_changes(const Migration& migration, Phase phase, const Catalog& catalog,
                           const Progress& progress, bool undo) {
  Steps steps;
  std::vector<Fragment> fragments;
  Catalog current = catalog;
  bool own_sql = false;  // of the author's, so far: it may make a type
  for (const auto change : order_of(migration, phase, undo)) {
    const Context context{.catalog = current,
                          .progress = progress,
                          .migration = migration,
                          .change = change,
                          .phase = phase};
    ZDM_TRY(Recipe recipe, recipe_of(context, undo));
    std::erase_if(recipe.checks, [&](const Check& check) {
      return !can_ask(check, catalog, context.catalog) || (check.of_type && own_sql);
    });
    own_sql = own_sql || std::holds_alternative<SqlChange>(migration.changes[change].kind);
    append(steps.checks, std::move(recipe.checks));
    append(steps.warnings, std::move(recipe.warnings));
    for (const auto& fragment : recipe.fragments)
      current = advance(std::move(current), fragment.step);
    append(fragments, std::move(recipe.fragments));
  }
  ZDM_TRY(steps.steps, assemble(std::move(fragments), phase, undo, migration, catalog, progress));
  for (const auto& step : steps.steps) warn_of_new_partitions(step, catalog, steps.warnings);
  ZDM_CHECK(verify_plan(steps, phase, undo));
  return steps;
}

bool finished(const Progress& progress, Phase phase) {
  return progress.done && *progress.done >= phase;
}

}  // namespace

bool can_ask(const Check& check, const Catalog& real, const Catalog& expected) {
  const auto* now = real.table(check.table);
  const auto* then = expected.table(check.table);
  if (now == nullptr || then == nullptr) return false;
  return std::ranges::all_of(check.columns, [&](const std::string& name) {
    const auto* later = then->column(name);
    if (later == nullptr) return true;  // the server says so best
    const auto* column = now->column(name);
    return column != nullptr && column->type == later->type;
  });
}

bool has_own_sql(const Migration& migration) {
  return std::ranges::any_of(migration.changes, [](const Change& change) {
    return std::holds_alternative<SqlChange>(change.kind);
  });
}

CatalogRequest catalog_request(const Migration& migration) {
  CatalogRequest all;
  for (const auto& change : migration.changes) {
    auto one = std::visit([](const auto& kind) { return kind.needs(); }, change.kind);
    append(all.tables, std::move(one.tables));
    append(all.indexes, std::move(one.indexes));
    append(all.types, std::move(one.types));
    all.below_views = all.below_views || one.below_views;
  }
  const auto tidy = [](std::vector<TableName>& names) {
    std::ranges::sort(names);
    names.erase(std::unique(names.begin(), names.end()), names.end());
  };
  tidy(all.tables);
  tidy(all.indexes);
  tidy(all.types);
  return all;
}

Result<Steps> plan_phase(const Migration& migration, Phase phase, const Catalog& catalog,
                         const Progress& progress) {
  return plan_changes(migration, phase, catalog, progress, false);
}

Result<Steps> plan_undo(const Migration& migration, Phase phase, const Catalog& catalog,
                        const Progress& progress) {
  if (phase == Phase::contract) {
    return fail_at(
        {.file = migration.path}, ErrorCode::refused,
        fmt::format("{} is contracted: what it dropped is gone, contract has no way back",
                    migration.id.value),
        "restore the data from a backup, or write a new migration");
  }
  return plan_changes(migration, phase, catalog, progress, true);
}

Result<MigrationPlan> plan_migration(const Migration& migration, Catalog& catalog,
                                     Progress& progress) {
  MigrationPlan plan{.id = migration.id, .description = migration.description};
  for (const auto phase : kPhases) {
    if (finished(progress, phase)) {
      plan.phases.push_back({.phase = phase, .state = PhaseState::done});
      continue;
    }
    if (!progress.done && phase == Phase::expand) {
      for (const auto& name : catalog_request(migration).tables) {
        if (const auto* table = catalog.table(name)) progress.before.push_back(*table);
      }
    }
    ZDM_TRY(Steps steps, plan_phase(migration, phase, catalog, progress));
    for (const auto& step : steps.steps) {
      catalog = advance(std::move(catalog), step);
      progress = advance(std::move(progress), step, migration.id, catalog);
    }
    append(plan.warnings, std::move(steps.warnings));
    plan.phases.push_back({.phase = phase,
                           .state = steps.steps.empty() ? PhaseState::empty : PhaseState::pending,
                           .steps = std::move(steps.steps)});
    progress.done = phase;
  }
  return plan;
}

Catalog renamed_by(Catalog catalog, const Step& step) {
  Step renames;
  for (const auto& effect : step.effects) {
    if (std::holds_alternative<RenameColumnTo>(effect)) renames.effects.push_back(effect);
  }
  return advance(std::move(catalog), renames);
}

Result<std::vector<std::string>> compose_sync(const SyncAction& action,
                                              const MigrationId& migration, const TableRules& rules,
                                              const Catalog& catalog) {
  std::vector<SyncRule> after;
  for (const auto& rule : rules.rules) {
    const bool own = rule.migration == migration;
    const auto is = [&](std::size_t change) { return change == rule.change; };
    if (own && std::ranges::any_of(action.leave, is)) continue;
    if (own && std::ranges::any_of(action.enter, is, &SyncRule::change)) continue;
    after.push_back(rule);
  }
  append(after, action.enter);
  std::ranges::sort(after, [](const SyncRule& a, const SyncRule& b) {
    if (a.migration != b.migration)
      return natural_compare(a.migration.value, b.migration.value) < 0;
    return a.change < b.change;
  });
  std::vector<std::string> sql = action.before;
  const bool unchanged = action.enter.empty() && after.size() == rules.rules.size();
  if (!unchanged) {
    const auto* table = catalog.table(action.table);
    const Table assumed{.name = action.table, .leaves = {action.table}, .assumed = true};
    ZDM_TRY(auto triggers, compose_triggers(catalog, table == nullptr ? assumed : *table,
                                            rules.rules, after, rules.generation + 1));
    append(sql, std::move(triggers));
  }
  append(sql, action.after);
  return sql;
}

}  // namespace zdm::planner
