#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "execute/dry_run.hpp"
#include "execute/executor.hpp"
#include "execute/forecast.hpp"
#include "execute/operations.hpp"
#include "execute/planning.hpp"
#include "execute/rollback_refusals.hpp"
#include "execute/selection.hpp"
#include "sql/quote.hpp"

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
  [[nodiscard]] Result<bool> left_nothing(const MigrationId& id, Phase phase) const;
  [[nodiscard]] Result<planner::Steps> plan_way_back(const Migration& migration, Phase phase);
  [[nodiscard]] Result<bool> stand_again(const Migration& migration, Phase phase, std::int64_t run);
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

/// The constraints that the steps done so far of an undo made NOT VALID; nothing when they did
/// anything else.
std::vector<planner::PutConstraint> only_promised(const std::vector<StepRow>& rows) {
  std::vector<planner::PutConstraint> promised;
  for (const StepRow& row : rows) {
    if (row.state != "done") continue;
    for (const planner::Effect& effect : row.step.effects) {
      const auto* put = std::get_if<planner::PutConstraint>(&effect);
      if (put == nullptr) return {};
      if (!put->constraint.validated) promised.push_back(*put);
    }
    if (row.step.effects.empty()) return {};
  }
  return promised;
}

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
    if (phase == Phase::contract && state_.contracted(id)) {
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
  if (under_way || phase == Phase::contract) return {};
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
  ZDM_CHECK(refuse_builders(*session_, state_, *migration, phases));
  ZDM_CHECK(refuse_later(*session_, state_, migrations_, *migration, phases));
  if (options_.dry_run) return show(*migration, phases);
  if (std::ranges::find(phases, Phase::backfill) != phases.end()) {
    if (auto may = refuse_losses(*session_, *migration, progress_); !may) {
      MigrationReport& report = report_on(*migration, Phase::backfill);
      report.state = state_word(may.error());
      report.error = may.error();
      return may;
    }
  }
  for (const Phase phase : phases) ZDM_CHECK(undo(*migration, phase));
  return {};
}

/// Rows came that the constraint does not let in. It must not stay for new writes alone: it goes
/// again, and the phase stands as it stood.
Result<bool> Rollback::stand_again(const Migration& migration, Phase phase, std::int64_t run) {
  ZDM_TRY(const auto rows, session_->steps(run));
  const auto promised = only_promised(rows);
  if (promised.empty()) return false;
  const PhaseRow* row = state_.phase(migration.id, phase);
  std::vector<planner::Step> steps;
  if (row != nullptr && row->direction == Direction::forward) {
    ZDM_TRY(const auto forward, session_->steps(row->run));
    for (const StepRow& each : forward) steps.push_back(each.step);
  }
  Work work;
  for (const auto& put : promised) {
    work.claims.push_back(
        {.relation = planner::quote(put.table), .mode = planner::LockMode::access_exclusive});
    if (!put.constraint.references) continue;
    work.claims.push_back({.relation = planner::quote(put.constraint.references->table),
                           .mode = planner::LockMode::access_exclusive});
  }
  work.body = [&](Connection& connection) -> Result<void> {
    for (const auto& put : promised) {
      ZDM_CHECK(
          connection.run(fmt::format("ALTER TABLE {} DROP CONSTRAINT {}", planner::quote(put.table),
                                     planner::quote_identifier(put.constraint.name))));
    }
    const Ledger& ledger = session_->ledger();
    const Host& host = environment_.host;
    ZDM_TRY(const std::int64_t again,
            ledger.start_run(connection, migration.id, phase, Direction::forward,
                             row == nullptr ? std::string() : row->release, host.user(),
                             host.hostname(), steps));
    for (std::size_t i = 0; i < steps.size(); ++i) {
      ZDM_CHECK(ledger.step_done(connection, again, static_cast<int>(i), 0, 0));
    }
    ZDM_CHECK(ledger.finish_run(connection, again, PhaseState::done, ""));
    return ledger.set_held(connection, migration.id, std::nullopt);
  };
  ZDM_CHECK(session_->transact(work));
  return true;
}

Result<void> Rollback::show(const Migration& migration, const std::vector<Phase>& phases) {
  ZDM_TRY(auto forecast, Forecast::read(*session_, state_, {&migration}));
  for (const Phase phase : phases) {
    ZDM_TRY(const bool nothing, left_nothing(migration.id, phase));
    planner::Steps planned;
    if (!nothing) {
      ZDM_TRY(planned, forecast.plan_undo(migration, phase));
    }
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

/// Rules of the migration are in force: what an earlier run of the phase did stands, whatever
/// became of the one with its corrected expressions.
bool holds_equal(const planner::Progress& progress, const MigrationId& id) {
  return std::ranges::any_of(
      progress.tables, [&](const planner::TableRules& rules) { return rules.has_any_of(id); });
}

/// A contract is undone only where it left nothing.
Result<bool> Rollback::left_nothing(const MigrationId& id, Phase phase) const {
  if (phase == Phase::contract) return true;
  const PhaseRow* row = state_.phase(id, phase);
  if (row == nullptr || row->state == PhaseState::done || row->direction == Direction::undo) {
    return false;
  }
  ZDM_TRY(const auto rows, session_->steps(row->run));
  if (!did_nothing(rows)) return false;
  if (phase != Phase::backfill) return true;
  ZDM_TRY(const auto progress,
          session_->read([&](Connection& work) { return session_->ledger().progress(work, id); }));
  return !holds_equal(progress, id);
}

/// Of a phase that did nothing there is nothing to take back.
Result<planner::Steps> Rollback::plan_way_back(const Migration& migration, Phase phase) {
  ZDM_TRY(const bool nothing, left_nothing(migration.id, phase));
  if (nothing) return planner::Steps{};
  ZDM_TRY(const View view, read_view(*session_, migration));
  return plan_checked(migration, phase, Direction::undo, view.catalog, view.progress);
}

Result<Undo> Rollback::run_of(const Migration& migration, Phase phase) {
  const PhaseRow* row = state_.phase(migration.id, phase);
  if (row != nullptr && row->direction == Direction::undo && is_half_done(row->state)) {
    // What stood in its way may have gone, and other things may stand there: then it is planned
    // anew.
    ZDM_TRY(const auto rows, session_->steps(row->run));
    if (!did_nothing(rows)) {
      ZDM_TRY(const std::int64_t run, carry_on(*session_, row->run));
      return Undo{.run = run, .kept = {}};
    }
  }
  ZDM_TRY(auto planned, plan_way_back(migration, phase));
  ZDM_CHECK(run_checks(*session_, planned));
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
    const std::string state = done ? std::string() : done.error().sqlstate;
    if (state == "23514" || state == "23503") {
      ZDM_TRY(const bool stands, stand_again(migration, phase, planned->run));
      if (stands) {
        Error error = done.error();
        error.code = ErrorCode::refused;
        error.message += fmt::format(
            "; the constraint was dropped again, and {} of {} stands as "
            "before",
            planner::to_string(phase), migration.id.value);
        error.hint = "correct the rows and roll back again, or go on with zdm apply";
        done = planner::fail(std::move(error));
      }
    }
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
