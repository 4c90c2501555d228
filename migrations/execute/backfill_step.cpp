#include <utility>

#include "backfill/backfill.hpp"
#include "execute/steps.hpp"

namespace zdm::migrations {
namespace {

ProgressEvent event_of(const BackfillProgress& progress) {
  ProgressEvent event;
  event.is_backfill = true;
  event.rows_done = progress.rows_done;
  event.rows_total = progress.rows_total;
  event.rows_per_second = progress.rows_per_second;
  event.throttled = progress.throttled;
  // Before one percent an estimate says more about the first pages than about the table.
  if (progress.fraction >= 0.01 && progress.rows_per_second > 0 && progress.rows_done > 0) {
    const double left =
        static_cast<double>(progress.rows_done) * (1 - progress.fraction) / progress.fraction;
    event.eta_s = static_cast<std::int64_t>(left / progress.rows_per_second);
  }
  return event;
}

}  // namespace

Result<StepOutcome> run_backfill_step(const PhaseRun& run, const StepRow& row) {
  Session& session = run.session;
  const Environment& environment = session.environment();
  const auto start = environment.host.steady();
  const auto& action = std::get<planner::BackfillAction>(row.step.action);
  ZDM_TRY(const planner::TableRules rules, session.read([&](Connection& work) {
    return session.ledger().table_rules(work, action.table);
  }));
  const BackfillRequest request{.run = row.run,
                                .ordinal = row.ordinal,
                                .action = action,
                                .generation = rules.generation,
                                .lease = session.lease(),
                                .batch_target = environment.backfill.batch_target,
                                .duty_percent = environment.backfill.duty_percent,
                                .guarded = action.trigger};
  ZDM_TRY(
      const std::int64_t rows,
      backfill(session.work_slot(), environment.open_work, session.control(), environment.host,
               request, environment.stop, environment.stop_reason,
               [&](const BackfillProgress& progress) { run.say(event_of(progress), row.step); }));
  ZDM_CHECK(record_done(run, row, elapsed_ms(environment.host, start), rows));
  return StepOutcome{.attempts = 1, .rows = rows};
}

}  // namespace zdm::migrations
