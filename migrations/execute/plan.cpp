#include "recipes/plan.hpp"

#include <utility>

#include "execute/forecast.hpp"
#include "execute/operations.hpp"
#include "execute/planning.hpp"
#include "execute/selection.hpp"

namespace zdm::migrations {
namespace {

using planner::Migration;
using planner::MigrationPlan;
using planner::PhasePlan;

/// Before PostgreSQL 15 and SQLite 3.40 a plan without a database would say less.
constexpr int kAssumedPostgres = 150000;
constexpr int kAssumedSqlite = 3'040'000;

class Planning final {
 public:
  Planning(Session& session, const LedgerState& state) : session_(session), state_(state) {}

  [[nodiscard]] Result<void> read(const std::vector<Migration>& migrations);
  [[nodiscard]] Result<MigrationPlan> plan(const Migration& migration);

 private:
  [[nodiscard]] Result<PhasePlan> plan_phase(const Migration& migration, Phase phase,
                                             std::vector<planner::Warning>& warnings);
  [[nodiscard]] Result<std::vector<StepRow>> stored(const PhaseRow& row);

  Session& session_;
  const LedgerState& state_;
  Forecast forecast_;
};

Result<void> Planning::read(const std::vector<Migration>& migrations) {
  std::vector<const Migration*> unfinished;
  for (const Migration& migration : migrations) {
    if (state_.done(migration.id) != Phase::contract) unfinished.push_back(&migration);
  }
  ZDM_TRY(forecast_, Forecast::read(session_, state_, unfinished));
  return {};
}

Result<std::vector<StepRow>> Planning::stored(const PhaseRow& row) {
  return session_.steps(row.run);
}

Result<PhasePlan> Planning::plan_phase(const Migration& migration, Phase phase,
                                       std::vector<planner::Warning>& warnings) {
  PhasePlan plan{.phase = phase, .state = PhaseState::pending, .steps = {}};
  const PhaseRow* row = state_.phase(migration.id, phase);
  const bool anew = state_.corrected(migration.id, migration.checksum);
  if (!anew && row != nullptr && (row->state == PhaseState::done || is_half_done(row->state))) {
    ZDM_TRY(const auto rows, stored(*row));
    plan.state = row->state;
    for (const StepRow& each : rows) plan.steps.push_back(each.step);
    const bool forward = row->direction == Direction::forward;
    if (is_half_done(row->state) && forward) forecast_.take(migration, phase, rows);
    return plan;
  }
  ZDM_TRY(auto planned, forecast_.plan(migration, phase));
  ZDM_CHECK(try_checks(session_, planned, Turn::later));
  plan.steps = std::move(planned.steps);
  if (plan.steps.empty()) plan.state = PhaseState::empty;
  for (planner::Warning& warning : planned.warnings) warnings.push_back(std::move(warning));
  return plan;
}

Result<MigrationPlan> Planning::plan(const Migration& migration) {
  MigrationPlan plan{
      .id = migration.id, .description = migration.description, .phases = {}, .warnings = {}};
  // The next migration meets what this checkout leaves of this one, not what a later release will.
  Forecast left = forecast_;
  for (const Phase phase : planner::kPhases) {
    auto planned = plan_phase(migration, phase, plan.warnings);
    if (!planned) {
      forecast_ = std::move(left);
      return planner::fail(std::move(planned).error());
    }
    plan.phases.push_back(std::move(*planned));
    if (phase == migration.phase) left = forecast_;
  }
  forecast_ = std::move(left);
  return plan;
}

/// One that cannot be planned does not keep those from being shown that can.
Result<void> take(const PlanOptions& options, const MigrationId& id, Result<MigrationPlan> plan,
                  PlanReport& report) {
  const bool refused = !plan && plan.error().code == ErrorCode::refused;
  if (!plan && !refused) return planner::fail(std::move(plan).error());
  if (!is_selected(options.only, id)) return {};
  if (!plan) {
    if (!report.error) report.error = std::move(plan).error();
    return {};
  }
  if (options.phase) {
    std::erase_if(plan->phases,
                  [&](const PhasePlan& each) { return each.phase != *options.phase; });
  }
  report.migrations.push_back(std::move(*plan));
  return {};
}

}  // namespace

Result<PlanReport> plan(const Environment& environment, const std::vector<Migration>& migrations,
                        const PlanOptions& options) {
  ZDM_CHECK(check_names(migrations, options.only));
  ZDM_TRY(const auto session, Session::open(environment));
  ZDM_TRY(const LedgerState state, load_state(*session));
  PlanReport report{.engine = session->work().engine(), .assumed = false, .migrations = {}};
  Planning planning(*session, state);
  ZDM_CHECK(planning.read(migrations));
  for (const Migration& migration : migrations) {
    ZDM_CHECK(take(options, migration.id, planning.plan(migration), report));
  }
  return report;
}

Result<PlanReport> plan_offline(Engine engine, const std::vector<Migration>& migrations,
                                const PlanOptions& options) {
  ZDM_CHECK(check_names(migrations, options.only));
  PlanReport report{.engine = engine, .assumed = true, .migrations = {}};
  planner::Catalog catalog;
  catalog.engine = engine;
  catalog.assumed = true;
  catalog.server_version = engine == Engine::sqlite ? kAssumedSqlite : kAssumedPostgres;
  if (engine == Engine::postgresql) catalog.search_path = {"public"};
  planner::Progress progress;
  for (const Migration& migration : migrations) {
    progress.done.reset();
    progress.columns.clear();
    progress.before.clear();
    auto after = catalog;
    auto planned = planner::plan_migration(migration, after, progress);
    if (planned) catalog = std::move(after);
    ZDM_CHECK(take(options, migration.id, std::move(planned), report));
  }
  return report;
}

}  // namespace zdm::migrations
