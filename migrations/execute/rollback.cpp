#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "execute/dry_run.hpp"
#include "execute/executor.hpp"
#include "execute/forecast.hpp"
#include "execute/operations.hpp"
#include "execute/planning.hpp"
#include "execute/selection.hpp"

namespace zdm::migrations {
namespace {

using planner::Migration;

/// The steps of an undo and what it cannot take back.
struct Undo {
  std::int64_t run = 0;
  std::vector<std::string> kept;
};

/// A recipe says what an undo leaves behind by a warning of this code.
constexpr std::string_view kKept = "kept";

std::vector<std::string> kept_of(const std::vector<planner::Warning>& warnings) {
  std::vector<std::string> kept;
  for (const planner::Warning& warning : warnings) {
    if (warning.code == kKept) kept.push_back(warning.message);
  }
  return kept;
}

class Rollback final {
 public:
  Rollback(const Environment& environment, const std::vector<Migration>& migrations,
           const std::vector<std::string>& cut, const RollbackOptions& options,
           const ProgressSink& progress, ApplyReport& report)
      : environment_(environment),
        migrations_(migrations),
        cut_(cut),
        options_(options),
        progress_(progress),
        report_(report) {}

  [[nodiscard]] Result<void> run();

 private:
  [[nodiscard]] Result<const Migration*> subject() const;
  [[nodiscard]] std::optional<MigrationId> applied_last() const;
  [[nodiscard]] Result<std::vector<Phase>> phases_to_undo(const MigrationId& id) const;
  [[nodiscard]] Result<void> check_phase(const MigrationId& id, Phase phase) const;
  [[nodiscard]] Result<void> show(const Migration& migration, const std::vector<Phase>& phases);
  [[nodiscard]] Result<void> undo(const Migration& migration, Phase phase);
  [[nodiscard]] Result<Undo> run_of(const Migration& migration, Phase phase);
  [[nodiscard]] Result<planner::Steps> plan_way_back(const Migration& migration, Phase phase);
  [[nodiscard]] std::string held_mark(Phase phase) const;
  MigrationReport& report_on(const Migration& migration, Phase phase);

  const Environment& environment_;
  const std::vector<Migration>& migrations_;
  const std::vector<std::string>& cut_;
  const RollbackOptions& options_;
  const ProgressSink& progress_;
  ApplyReport& report_;
  std::unique_ptr<Session> session_;
  LedgerState state_;
};

bool has_something(const PhaseRow& row) {
  return row.state == PhaseState::done || is_half_done(row.state);
}

std::optional<MigrationId> Rollback::applied_last() const {
  const PhaseRow* latest = nullptr;
  for (const PhaseRow& row : state_.phases) {
    if (has_something(row) && (latest == nullptr || row.run > latest->run)) latest = &row;
  }
  return latest == nullptr ? std::nullopt : std::optional(latest->id);
}

Result<const Migration*> Rollback::subject() const {
  const auto id = options_.migration ? options_.migration : applied_last();
  if (!id) return nullptr;
  const Migration* migration = find_migration(migrations_, *id);
  if (migration != nullptr) return migration;
  if (!options_.migration || state_.migration(*id) != nullptr) {
    return planner::fail(
        ErrorCode::drift,
        fmt::format("{} was applied here, but its file is not in this checkout", id->value),
        "roll back from the checkout that has it");
  }
  ZDM_CHECK(check_names(migrations_, {*id}));
  return nullptr;
}

/// Highest first.
Result<std::vector<Phase>> Rollback::phases_to_undo(const MigrationId& id) const {
  std::vector<Phase> phases;
  for (const Phase phase : planner::kPhases) {
    const PhaseRow* row = state_.phase(id, phase);
    if (row == nullptr || !has_something(*row)) continue;
    if (phase == Phase::contract) {
      return planner::fail(ErrorCode::refused,
                           fmt::format("contract of {} was {}: what it dropped is gone", id.value,
                                       row->state == PhaseState::done ? "applied" : "begun"),
                           row->state == PhaseState::done
                               ? "write a new migration for the way back"
                               : "finish it: zdm apply --phase contract " + id.value);
    }
    if (!options_.to || phase > *options_.to) phases.insert(phases.begin(), phase);
  }
  if (!options_.to && !options_.to_none && phases.size() > 1)
    phases.erase(phases.begin() + 1, phases.end());
  return phases;
}

Result<void> Rollback::check_phase(const MigrationId& id, Phase phase) const {
  const bool allowed =
      std::ranges::find(environment_.allowed, "live-readers") != environment_.allowed.end();
  const PhaseRow* row = state_.phase(id, phase);
  const bool under_way =
      row != nullptr && row->direction == Direction::undo && is_half_done(row->state);
  if (under_way) return {};
  const ReleaseJudge judge({.state = state_,
                            .migrations = migrations_,
                            .cut = cut_,
                            .assume_live = environment_.assume_live,
                            .deploying = {}});
  const auto verdict = judge.may_undo(id, phase, allowed);
  if (verdict.goes()) return {};
  return planner::fail(ErrorCode::refused, verdict.reason, verdict.next);
}

MigrationReport& Rollback::report_on(const Migration& migration, Phase phase) {
  MigrationReport& report = report_.migrations.emplace_back();
  report.id = migration.id;
  report.target = environment_.target;
  report.phase = phase;
  return report;
}

Result<void> Rollback::run() {
  ZDM_TRY(session_, Session::open(environment_));
  ZDM_TRY(state_, load_state(*session_));
  if (state_.exists && !options_.dry_run) {
    ZDM_CHECK(session_->take("rollback"));
    ZDM_TRY(state_, load_state(*session_));
  }
  ZDM_TRY(const Migration* migration, subject());
  if (migration == nullptr) return {};
  ZDM_CHECK(check_drift({*migration}, state_));
  ZDM_TRY(const auto phases, phases_to_undo(migration->id));
  for (const Phase phase : phases) {
    if (auto may = check_phase(migration->id, phase); !may) {
      MigrationReport& report = report_on(*migration, phase);
      report.state = "refused";
      report.error = may.error();
      return may;
    }
  }
  if (options_.dry_run) return show(*migration, phases);
  for (const Phase phase : phases) ZDM_CHECK(undo(*migration, phase));
  return {};
}

Result<void> Rollback::show(const Migration& migration, const std::vector<Phase>& phases) {
  ZDM_TRY(auto forecast, Forecast::read(*session_, state_, {&migration}));
  for (const Phase phase : phases) {
    ZDM_TRY(const auto planned, forecast.plan_undo(migration, phase));
    MigrationReport& report = report_on(migration, phase);
    report.state = "skipped";
    report.reason = "dry run";
    report.kept = kept_of(planned.warnings);
    show_steps(planned.steps, report);
  }
  return {};
}

std::string Rollback::held_mark(Phase phase) const {
  return fmt::format("rolled back from {} on {}", planner::to_string(phase),
                     to_rfc3339(environment_.host.now()));
}

/// Of a phase that failed before its first step there is nothing to take back.
Result<planner::Steps> Rollback::plan_way_back(const Migration& migration, Phase phase) {
  const PhaseRow* row = state_.phase(migration.id, phase);
  if (row != nullptr && row->state != PhaseState::done) {
    ZDM_TRY(const auto rows, session_->steps(row->run));
    if (std::ranges::all_of(rows, [](const StepRow& step) { return step.attempts == 0; })) {
      return planner::Steps{};
    }
  }
  ZDM_TRY(const View view, read_view(*session_, migration));
  return plan_checked(migration, phase, Direction::undo, view.catalog, view.progress);
}

Result<Undo> Rollback::run_of(const Migration& migration, Phase phase) {
  const PhaseRow* row = state_.phase(migration.id, phase);
  if (row != nullptr && row->direction == Direction::undo && is_half_done(row->state)) {
    ZDM_TRY(const std::int64_t run, carry_on(*session_, row->run));
    return Undo{.run = run, .kept = {}};
  }
  ZDM_TRY(auto planned, plan_way_back(migration, phase));
  Undo undo{.run = 0, .kept = kept_of(planned.warnings)};
  const RunRequest request{.migration = migration,
                           .phase = phase,
                           .direction = Direction::undo,
                           .release = row == nullptr ? std::string() : row->release,
                           .held = held_mark(phase),
                           .steps = std::move(planned.steps),
                           .done = {},
                           .before = {}};
  ZDM_TRY(undo.run, store_run(*session_, request));
  return undo;
}

Result<void> Rollback::undo(const Migration& migration, Phase phase) {
  ZDM_CHECK(session_->may_go_on());
  MigrationReport& report = report_on(migration, phase);
  auto planned = run_of(migration, phase);
  Result<void> done;
  if (planned) {
    report.kept = planned->kept;
    const PhaseRun run{.session = *session_,
                       .migration = migration.id,
                       .phase = phase,
                       .direction = Direction::undo,
                       .run = planned->run,
                       .progress = progress_};
    done = execute(run, PhaseState::undone, report.steps);
  } else {
    done = planner::fail(with_hint(std::move(planned).error()));
  }
  if (!done) {
    report.state = state_word(done.error());
    report.error = done.error();
    return done;
  }
  report.state = "done";
  ZDM_TRY(state_, load_state(*session_));
  return {};
}

}  // namespace

ApplyOutcome rollback(const Environment& environment, const std::vector<Migration>& migrations,
                      const std::vector<std::string>& cut_releases, const RollbackOptions& options,
                      const ProgressSink& progress) {
  ApplyOutcome outcome;
  outcome.report.dry_run = options.dry_run;
  Rollback work(environment, migrations, cut_releases, options, progress, outcome.report);
  if (auto done = work.run(); !done) outcome.error = with_hint(std::move(done).error());
  return outcome;
}

}  // namespace zdm::migrations
