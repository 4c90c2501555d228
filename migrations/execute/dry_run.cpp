#include "execute/dry_run.hpp"

#include <utility>

#include "execute/forecast.hpp"
#include "execute/planning.hpp"

namespace zdm::migrations {
namespace {

using planner::Migration;

class DryApply final {
 public:
  DryApply(Session& session, const ApplyRequest& request, LedgerState state, ApplyReport& report)
      : session_(session), request_(request), state_(std::move(state)), report_(report) {}

  [[nodiscard]] Result<void> run();

 private:
  [[nodiscard]] Result<void> show(const Migration& migration, const Choice& choice);
  [[nodiscard]] Result<std::vector<planner::Step>> steps_of(const Migration& migration,
                                                            Phase phase);
  MigrationReport& skip(const Migration& migration, std::optional<Phase> phase,
                        const std::string& reason);

  Session& session_;
  const ApplyRequest& request_;
  LedgerState state_;
  ApplyReport& report_;
  Forecast forecast_;
};

Result<void> DryApply::run() {
  std::vector<const Migration*> unfinished;
  std::vector<Choice> choices;
  for (const Migration& migration : request_.migrations) {
    choices.push_back(choose(request_, state_, migration));
    if (!choices.back().phases.empty()) unfinished.push_back(&migration);
  }
  ZDM_TRY(forecast_, Forecast::read(session_, state_, unfinished));
  for (std::size_t i = 0; i < choices.size(); ++i) {
    ZDM_CHECK(show(request_.migrations[i], choices[i]));
  }
  return {};
}

MigrationReport& DryApply::skip(const Migration& migration, std::optional<Phase> phase,
                                const std::string& reason) {
  MigrationReport& report = report_.migrations.emplace_back();
  report.id = migration.id;
  report.target = session_.environment().target;
  report.phase = phase;
  report.state = "skipped";
  report.reason = reason;
  return report;
}

Result<std::vector<planner::Step>> DryApply::steps_of(const Migration& migration, Phase phase) {
  const PhaseRow* row = state_.phase(migration.id, phase);
  if (row == nullptr || !is_half_done(row->state) || is_amended(state_, migration)) {
    ZDM_TRY(auto planned, forecast_.plan(migration, phase));
    ZDM_CHECK(try_checks(session_, planned, Turn::next));
    return std::move(planned.steps);
  }
  ZDM_TRY(const auto rows, session_.steps(row->run));
  forecast_.take(migration, phase, rows);
  std::vector<planner::Step> left;
  for (const StepRow& each : rows) {
    if (each.state != "done") left.push_back(each.step);
  }
  return left;
}

Result<void> DryApply::show(const Migration& migration, const Choice& choice) {
  if (!choice.reason.empty()) skip(migration, choice.skipped, choice.reason);
  const std::string& release = request_.options.release;
  for (const Phase phase : choice.phases) {
    const auto verdict =
        request_.options.fresh
            ? planner::Verdict{}
            : judge_of(request_, state_).may_start(migration, phase, planner::Asked::all);
    MigrationReport& report = skip(migration, phase, verdict.goes() ? "dry run" : verdict.reason);
    if (!verdict.goes()) return {};
    auto steps = steps_of(migration, phase);
    if (!steps) {
      report.state = steps.error().code == ErrorCode::refused ? "refused" : "failed";
      report.reason.clear();
      report.error = steps.error();
      return planner::fail(std::move(steps).error());
    }
    show_steps(*steps, report);
    state_.pretend_done(migration.id, phase, release);
  }
  return {};
}

}  // namespace

void show_steps(const std::vector<planner::Step>& steps, MigrationReport& report) {
  for (const planner::Step& step : steps) {
    report.steps.push_back({.id = step.id, .state = "pending"});
    report.sql.insert(report.sql.end(), step.sql.begin(), step.sql.end());
  }
}

Result<void> dry_apply(Session& session, const ApplyRequest& request, LedgerState state,
                       ApplyReport& report) {
  return DryApply(session, request, std::move(state), report).run();
}

}  // namespace zdm::migrations
