#include "execute/forecast.hpp"

#include <algorithm>
#include <utility>

#include "database/catalog_reader.hpp"

namespace zdm::migrations {
namespace {

void put_rules(std::vector<planner::TableRules>& into, const planner::TableRules& rules) {
  std::erase_if(into, [&](const planner::TableRules& each) { return each.table == rules.table; });
  into.push_back(rules);
}

void append(planner::CatalogRequest& into, planner::CatalogRequest from) {
  std::ranges::move(from.tables, std::back_inserter(into.tables));
  std::ranges::move(from.indexes, std::back_inserter(into.indexes));
  std::ranges::move(from.types, std::back_inserter(into.types));
}

}  // namespace

Result<Forecast> Forecast::read(Session& session, const LedgerState& state,
                                const std::vector<const planner::Migration*>& migrations) {
  Forecast forecast;
  planner::CatalogRequest request;
  for (const auto* migration : migrations) append(request, planner::catalog_request(*migration));
  ZDM_CHECK(session.snapshot([&](Connection& work) -> Result<void> {
    ZDM_TRY(forecast.catalog_, read_catalog(work, request));
    for (const auto* migration : migrations) {
      planner::Progress progress;
      if (state.exists) {
        ZDM_TRY(progress, session.ledger().progress(work, migration->id));
      }
      for (const planner::TableRules& rules : progress.tables) put_rules(forecast.rules_, rules);
      forecast.progress_[migration->id] = std::move(progress);
    }
    return {};
  }));
  forecast.read_ = forecast.catalog_;
  return forecast;
}

planner::Progress& Forecast::progress_of(const MigrationId& id) {
  planner::Progress& progress = progress_[id];
  for (const planner::TableRules& rules : rules_) put_rules(progress.tables, rules);
  return progress;
}

void Forecast::advance(const MigrationId& id, const planner::Step& step) {
  catalog_ = planner::advance(std::move(catalog_), step);
  planner::Progress& progress = progress_[id];
  progress = planner::advance(std::move(progress), step, id, catalog_);
  for (const planner::TableRules& rules : progress.tables) put_rules(rules_, rules);
}

Result<planner::Steps> Forecast::plan(const planner::Migration& migration, Phase phase) {
  planner::Progress& progress = progress_of(migration.id);
  if (phase == Phase::expand) progress.before = catalog_.tables;
  ZDM_TRY(auto steps, plan_checked(migration, phase, Direction::forward, catalog_, progress));
  std::erase_if(steps.checks, [&](const planner::Check& check) {
    return !planner::can_ask(check, read_, catalog_) || (check.of_type && own_sql_);
  });
  own_sql_ = own_sql_ || planner::has_own_sql(migration);
  for (const planner::Step& step : steps.steps) advance(migration.id, step);
  progress.done = phase;
  return steps;
}

Result<planner::Steps> Forecast::plan_undo(const planner::Migration& migration, Phase phase) {
  planner::Progress& progress = progress_of(migration.id);
  ZDM_TRY(auto steps, plan_checked(migration, phase, Direction::undo, catalog_, progress));
  for (const planner::Step& step : steps.steps) advance(migration.id, step);
  progress.done = planner::previous(phase);
  return steps;
}

void Forecast::take(const planner::Migration& migration, Phase phase,
                    const std::vector<StepRow>& rows) {
  progress_of(migration.id);
  own_sql_ = own_sql_ || planner::has_own_sql(migration);
  for (const StepRow& row : rows) {
    if (row.state != "done") advance(migration.id, row.step);
  }
  progress_[migration.id].done = phase;
}

}  // namespace zdm::migrations
