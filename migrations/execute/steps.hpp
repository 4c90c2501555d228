#pragma once

#include "execute/executor.hpp"
#include "sync/compose.hpp"

/// How each kind of step is run. Every one of them ends with the step recorded as done, in the
/// step's own transaction where it has one (law 9).
namespace zdm::migrations {

/// Statements in one transaction with their guards, the trigger composed from the rules of the
/// moment, the records and the ledger's own rows.
[[nodiscard]] Result<StepOutcome> run_transaction_step(const PhaseRun& run, const StepRow& row);

/// A statement that cannot run in a transaction: CREATE INDEX CONCURRENTLY and friends (law 12). An
/// invalid leftover is dropped before another try, and before an error is returned.
[[nodiscard]] Result<StepOutcome> run_concurrent_step(const PhaseRun& run, const StepRow& row);

/// The pass over the table (law 4).
[[nodiscard]] Result<StepOutcome> run_backfill_step(const PhaseRun& run, const StepRow& row);

/// Both shapes compared. Rows that differ: refused, unless divergent-rows is allowed.
[[nodiscard]] Result<StepOutcome> run_verify_step(const PhaseRun& run, const StepRow& row);

/// ErrorCode::drift where a guard of the step does not hold.
[[nodiscard]] Result<void> check_guards(Connection& work, const planner::Step& step);

using planner::Shapes;

/// The comparison alone: the number of rows, or the refusal.
[[nodiscard]] Result<std::int64_t> require_agreement(Session& session,
                                                     const planner::VerifyAction& action,
                                                     Shapes after);

/// Whether the ledger has the step as done: the outcome of a COMMIT in doubt.
[[nodiscard]] Result<bool> step_is_done(Connection& connection, const Ledger& ledger,
                                        const StepRow& row);

/// Records a step that had no transaction of its own.
[[nodiscard]] Result<void> record_done(const PhaseRun& run, const StepRow& row,
                                       std::int64_t duration_ms, std::int64_t rows);

/// Milliseconds on the host's steady clock since `start`.
[[nodiscard]] std::int64_t elapsed_ms(const Host& host,
                                      std::chrono::steady_clock::time_point start);

}  // namespace zdm::migrations
