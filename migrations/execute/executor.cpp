#include "execute/executor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "execute/steps.hpp"

namespace zdm::migrations {

void PhaseRun::say(ProgressEvent event, const planner::Step& step) const {
  if (!progress) return;
  event.migration = migration;
  event.phase = phase;
  event.step = step.id;
  progress(event);
}

std::function<void(const std::vector<planner::Blocker>&)> PhaseRun::waiting(
    const planner::Step& step) const {
  return [this, &step](const std::vector<planner::Blocker>& blockers) {
    ProgressEvent event;
    event.text = step.locks.empty()
                     ? "waiting for a lock"
                     : fmt::format("waiting for a lock on {}", step.locks.front().relation);
    event.blockers = blockers;
    say(std::move(event), step);
  };
}

bool is_pause(const Error& error) {
  switch (error.code) {
    case ErrorCode::busy:
    case ErrorCode::cannot_connect:
    case ErrorCode::interrupted:
    case ErrorCode::terminated:
      return true;
    case ErrorCode::failed:
    case ErrorCode::usage:
    case ErrorCode::refused:
    case ErrorCode::pending:
    case ErrorCode::drift:
    case ErrorCode::bug:
      return false;
  }
  return false;
}

std::string state_word(const Error& error) {
  if (is_pause(error)) return "paused";
  return error.code == ErrorCode::refused ? "refused" : "failed";
}

std::int64_t elapsed_ms(const Host& host, std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(host.steady() - start).count();
}

Result<bool> step_is_done(Connection& connection, const Ledger& ledger, const StepRow& row) {
  ZDM_TRY(const auto rows, ledger.steps(connection, row.run));
  return std::ranges::any_of(rows, [&](const StepRow& each) {
    return each.ordinal == row.ordinal && each.state == "done";
  });
}

Result<void> record_done(const PhaseRun& run, const StepRow& row, std::int64_t duration_ms,
                         std::int64_t rows) {
  const Ledger& ledger = run.session.ledger();
  return run.session.transact(
      {.claims = {},
       .body =
           [&](Connection& work) {
             return ledger.step_done(work, row.run, row.ordinal, duration_ms, rows);
           },
       .settled = [&](Connection& work) { return step_is_done(work, ledger, row); },
       .waiting = {}});
}

namespace {

bool runs_in_transaction(const PhaseRun& run, const planner::Step& step) {
  // SQLite has no concurrent statements: there such a step is a transaction like any other.
  return step.in_transaction || run.session.environment().url.engine() == Engine::sqlite;
}

Result<StepOutcome> run_step(const PhaseRun& run, const StepRow& row) {
  if (std::holds_alternative<planner::BackfillAction>(row.step.action)) {
    return run_backfill_step(run, row);
  }
  if (std::holds_alternative<planner::VerifyAction>(row.step.action)) {
    return run_verify_step(run, row);
  }
  return runs_in_transaction(run, row.step) ? run_transaction_step(run, row)
                                            : run_concurrent_step(run, row);
}

Result<void> record_started(const PhaseRun& run, const StepRow& row) {
  return run.session.transact({.claims = {},
                               .body =
                                   [&](Connection& work) {
                                     return run.session.ledger().step_started(work, row.run,
                                                                              row.ordinal);
                                   },
                               .settled = {},
                               .waiting = {}});
}

/// Best effort: the error that brought us here is the one to tell, and a run recorded as running is
/// carried on just the same.
void record_failed(const PhaseRun& run, const StepRow* row, const Error& error) {
  if (!run.session.work().usable()) return;
  const PhaseState state = is_pause(error) ? PhaseState::paused : PhaseState::failed;
  const Ledger& ledger = run.session.ledger();
  auto transaction = Transaction::begin(run.session.work());
  if (!transaction || !check_fence(run.session.work(), run.session.lease())) return;
  if (row != nullptr &&
      !ledger.step_failed(run.session.work(), row->run, row->ordinal, error.message)) {
    return;
  }
  if (!ledger.finish_run(run.session.work(), run.run, state, error.message)) return;
  static_cast<void>(transaction->commit());
}

Error in_context(const PhaseRun& run, const planner::Step& step, Error error) {
  error.message = fmt::format("{}, step {}: {}", run.migration.value, step.id, error.message);
  return with_hint(std::move(error));
}

StepReport report_of(const StepRow& row) {
  return {.id = row.step.id,
          .state = row.state == "done" ? "done" : "pending",
          .attempts = row.attempts,
          .duration_ms = row.duration_ms,
          .rows = row.rows};
}

Result<void> run_and_report(const PhaseRun& run, const StepRow& row, StepReport& report) {
  const auto start = run.session.environment().host.steady();
  ProgressEvent event;
  event.text = row.step.note;
  run.say(std::move(event), row.step);
  ZDM_CHECK(record_started(run, row));
  auto outcome = run_step(run, row);
  report.duration_ms = elapsed_ms(run.session.environment().host, start);
  report.attempts = row.attempts + (outcome ? std::max(outcome->attempts, 1) : 1);
  if (!outcome) return planner::fail(run.session.or_stop(std::move(outcome).error()));
  report.rows = outcome->rows;
  report.state = "done";
  return {};
}

}  // namespace

Result<void> execute(const PhaseRun& run, PhaseState finished, std::vector<StepReport>& reports) {
  ZDM_TRY(const auto rows, run.session.steps(run.run));
  reports.clear();
  for (const StepRow& row : rows) reports.push_back(report_of(row));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].state == "done") continue;
    if (auto go = run.session.may_go_on(); !go) {
      record_failed(run, nullptr, go.error());
      return go;
    }
    if (auto done = run_and_report(run, rows[i], reports[i]); !done) {
      const Error error = in_context(run, rows[i].step, std::move(done).error());
      reports[i].state = state_word(error);
      record_failed(run, &rows[i], error);
      return planner::fail(error);
    }
  }
  return run.session.transact({.claims = {},
                               .body =
                                   [&](Connection& work) {
                                     return run.session.ledger().finish_run(work, run.run, finished,
                                                                            "");
                                   },
                               .settled = {},
                               .waiting = {}});
}

}  // namespace zdm::migrations
