#include <fmt/format.h>

#include <utility>

#include "execute/amend.hpp"
#include "execute/dry_run.hpp"
#include "execute/empty_database.hpp"
#include "execute/executor.hpp"
#include "execute/operations.hpp"
#include "execute/planning.hpp"
#include "execute/selection.hpp"

namespace zdm::migrations {
namespace {

using planner::Migration;

/// One apply from its first look to its last phase.
class Apply final {
 public:
  Apply(const Environment& environment, ApplyRequest request, const ProgressSink& progress,
        ApplyReport& report)
      : environment_(environment), request_(request), progress_(progress), report_(report) {}

  [[nodiscard]] Result<void> run();

 private:
  [[nodiscard]] Result<void> look();
  [[nodiscard]] bool anything_to_do() const;
  [[nodiscard]] Result<void> begin();
  [[nodiscard]] Result<void> apply_one(const Migration& migration);
  [[nodiscard]] Result<void> record_fresh();
  [[nodiscard]] Result<void> run_phase(const Migration& migration, Phase phase);
  [[nodiscard]] Result<std::int64_t> run_of(const Migration& migration, Phase phase);
  [[nodiscard]] MigrationReport& report_on(const Migration& migration, std::optional<Phase> phase);
  [[nodiscard]] bool must_wait(const Migration& migration, Phase phase);

  const Environment& environment_;
  ApplyRequest request_;
  const ProgressSink& progress_;
  ApplyReport& report_;
  std::unique_ptr<Session> session_;
  LedgerState state_;
};

Result<void> Apply::look() {
  ZDM_TRY(state_, load_state(*session_));
  return check_before(request_, state_);
}

bool Apply::anything_to_do() const {
  if (request_.options.resume) {
    const MigrationRow* row = state_.migration(*request_.options.resume);
    if (row != nullptr && row->held) return true;
  }
  for (const Migration& migration : request_.migrations) {
    if (!choose(request_, state_, migration).phases.empty()) return true;
  }
  return false;
}

/// From here on the ledger is written. What was seen before the lease was ours may have changed.
Result<void> Apply::begin() {
  ZDM_CHECK(session_->take("apply"));
  ZDM_CHECK(look());
  const Ledger& ledger = session_->ledger();
  Work work;
  work.body = [&](Connection& connection) -> Result<void> {
    if (!request_.options.release.empty()) {
      ZDM_CHECK(ledger.put_release(connection, request_.options.release));
    }
    if (request_.options.resume && state_.migration(*request_.options.resume) != nullptr) {
      ZDM_CHECK(ledger.set_held(connection, *request_.options.resume, std::nullopt));
    }
    return {};
  };
  ZDM_CHECK(session_->transact(work));
  ZDM_TRY(state_, load_state(*session_));
  return {};
}

Result<void> Apply::run() {
  ZDM_TRY(session_, Session::open(environment_));
  ZDM_CHECK(look());
  if (request_.options.fresh) ZDM_CHECK(require_empty(*session_, state_));
  if (request_.options.dry_run) {
    return dry_apply(*session_, request_, std::move(state_), report_);
  }
  // A release that brings nothing new is recorded all the same, where there is a record.
  const bool record = state_.exists && !request_.options.release.empty();
  if (anything_to_do() || record) ZDM_CHECK(begin());
  for (const Migration& migration : request_.migrations) ZDM_CHECK(apply_one(migration));
  return request_.options.fresh ? record_fresh() : Result<void>();
}

Result<void> Apply::record_fresh() {
  if (!state_.exists) return {};
  Work work;
  work.body = [&](Connection& connection) {
    return session_->ledger().put_fresh_build(connection, request_.options.release);
  };
  return session_->transact(work);
}

MigrationReport& Apply::report_on(const Migration& migration, std::optional<Phase> phase) {
  MigrationReport& report = report_.migrations.emplace_back();
  report.id = migration.id;
  report.target = environment_.target;
  report.phase = phase;
  return report;
}

/// Reports a phase that the release rules leave for later.
bool Apply::must_wait(const Migration& migration, Phase phase) {
  if (request_.options.fresh) return false;
  const auto verdict = judge_of(request_, state_).may_start(migration, phase, planner::Asked::all);
  if (verdict.goes()) return false;
  MigrationReport& report = report_on(migration, phase);
  report.state = "skipped";
  report.reason = fmt::format("{}; {}", verdict.reason, verdict.next);
  return true;
}

Result<void> Apply::apply_one(const Migration& migration) {
  const Choice choice = choose(request_, state_, migration);
  if (!choice.reason.empty()) {
    MigrationReport& report = report_on(migration, choice.skipped);
    report.state = "skipped";
    report.reason = choice.reason;
  }
  for (const Phase phase : choice.phases) {
    if (must_wait(migration, phase)) return {};
    MigrationReport& report = report_on(migration, phase);
    if (auto ran = run_phase(migration, phase); !ran) {
      report.state = state_word(ran.error());
      report.error = ran.error();
      return ran;
    }
    report.state = "done";
    ZDM_TRY(state_, load_state(*session_));
  }
  return {};
}

/// The run to carry on, or a new one planned from what is there now.
Result<std::int64_t> Apply::run_of(const Migration& migration, Phase phase) {
  const std::string& release = request_.options.release;
  const PhaseRow* row = state_.phase(migration.id, phase);
  const bool anew = phase == Phase::expand && state_.corrected(migration.id, migration.checksum);
  const bool begun =
      !anew && row != nullptr && (is_half_done(row->state) || row->state == PhaseState::done);
  const PhaseRun run{.session = *session_,
                     .migration = migration.id,
                     .phase = phase,
                     .direction = Direction::forward,
                     .run = 0,
                     .progress = progress_};
  const auto comparing = [&](const planner::Step& step) {
    run.say({.migration = {}, .step = {}, .text = "comparing every row before anything is dropped"},
            step);
  };
  if (!begun) {
    return plan_and_store(*session_, migration, phase, release, request_.options.fresh, comparing);
  }
  if (phase == Phase::backfill && is_amended(state_, migration)) {
    return store_amended(*session_, migration, row->run, release);
  }
  if (phase == Phase::contract) ZDM_CHECK(look_again(*session_, row->run, comparing));
  return carry_on(*session_, row->run);
}

Result<void> Apply::run_phase(const Migration& migration, Phase phase) {
  ZDM_CHECK(session_->may_go_on());
  auto stored = run_of(migration, phase);
  if (!stored) return planner::fail(with_hint(std::move(stored).error()));
  const PhaseRun run{.session = *session_,
                     .migration = migration.id,
                     .phase = phase,
                     .direction = Direction::forward,
                     .run = *stored,
                     .progress = progress_};
  return execute(run, PhaseState::done, report_.migrations.back().steps);
}

}  // namespace

ApplyOutcome apply(const Environment& environment, const std::vector<Migration>& migrations,
                   const std::vector<std::string>& cut_releases, const ApplyOptions& options,
                   const ProgressSink& progress) {
  ApplyOutcome outcome;
  outcome.report.release = options.release;
  outcome.report.dry_run = options.dry_run;
  const ApplyRequest request{.migrations = migrations,
                             .cut_releases = cut_releases,
                             .options = options,
                             .assume_live = environment.assume_live};
  Apply work(environment, request, progress, outcome.report);
  if (auto done = work.run(); !done) outcome.error = with_hint(std::move(done).error());
  return outcome;
}

}  // namespace zdm::migrations
