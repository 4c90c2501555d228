#include <fmt/format.h>

#include <string>
#include <utility>

#include "execute/blocker_watch.hpp"
#include "execute/patient_session.hpp"
#include "execute/steps.hpp"

namespace zdm::migrations {
namespace {

using planner::ConcurrentAction;

/// A deadlock with another's index build, or a server that went away, is tried again this often.
constexpr int kMostAttempts = 10;

/// One text of the catalog: 'absent', 'done' or 'invalid'. Without a probe nothing is known:
/// absent.
Result<std::string> probe(Session& session, const ConcurrentAction& action) {
  if (action.probe.empty()) return std::string("absent");
  ZDM_TRY(const Rows rows, session.work().run(action.probe));
  return rows.first();
}

Result<void> run_patiently(const PhaseRun& run, const StepRow& row, const std::string& sql) {
  Connection& work = run.session.work();
  ZDM_TRY(const PatientSession patient, PatientSession::begin(work));
  Result<void> result;
  {
    const BlockerWatch watch(
        run.session.control(), work.backend_pid(), [&](const std::vector<planner::Blocker>& who) {
          ProgressEvent event;
          event.text = "waiting for transactions that began before this statement";
          event.blockers = who;
          run.say(std::move(event), row.step);
        });
    if (auto done = work.run(sql); !done) result = planner::fail(std::move(done).error());
  }
  ZDM_CHECK(patient.end(work));
  return result;
}

Result<void> check_lease(const PhaseRun& run) {
  return run.session.transact({.claims = {},
                               .body = [](Connection&) { return Result<void>(); },
                               .settled = {},
                               .waiting = {}});
}

/// Looks at the catalog; drops what an earlier try left invalid. True: nothing left to do.
Result<bool> prepare(const PhaseRun& run, const StepRow& row, const ConcurrentAction& action) {
  ZDM_TRY(const std::string state, probe(run.session, action));
  if (state == action.done_state) return true;
  if (state == "invalid" && !action.cleanup.empty()) {
    ZDM_CHECK(run_patiently(run, row, action.cleanup));
  }
  return false;
}

/// One try: prepare, the statements, and the catalog's word that they did what they should.
Result<void> try_once(const PhaseRun& run, const StepRow& row, const ConcurrentAction& action) {
  ZDM_CHECK(check_lease(run));
  ZDM_TRY(const bool done, prepare(run, row, action));
  if (done) return {};
  for (const std::string& sql : row.step.sql) {
    ZDM_CHECK(run_patiently(run, row, sql));
  }
  if (action.probe.empty()) return {};
  ZDM_TRY(const std::string state, probe(run.session, action));
  if (state == action.done_state) return {};
  return planner::fail(ErrorCode::failed,
                       fmt::format("the statement succeeded, but the catalog says {}", state),
                       "run the same command again");
}

bool worth_another_try(const Error& error) {
  return is_lost(error) || classify(error.sqlstate) == Trouble::lock;
}

/// After a failure nothing invalid may stay behind: it costs every write and serves no read.
void clean_up(const PhaseRun& run, const StepRow& row, const ConcurrentAction& action) {
  if (!run.session.work().usable() && !run.session.reconnect()) return;
  static_cast<void>(prepare(run, row, action));
}

}  // namespace

Result<StepOutcome> run_concurrent_step(const PhaseRun& run, const StepRow& row) {
  const Host& host = run.session.environment().host;
  const auto start = host.steady();
  const auto* given = std::get_if<ConcurrentAction>(&row.step.action);
  const ConcurrentAction action = given != nullptr ? *given : ConcurrentAction{};
  StepOutcome outcome;
  for (;;) {
    ++outcome.attempts;
    const auto tried = try_once(run, row, action);
    if (tried) break;
    const bool again = worth_another_try(tried.error()) && outcome.attempts < kMostAttempts;
    if (is_lost(tried.error())) ZDM_CHECK(run.session.reconnect());
    if (!again) {
      clean_up(run, row, action);
      return planner::fail(tried.error());
    }
    ZDM_CHECK(run.session.may_go_on());
  }
  ZDM_CHECK(record_done(run, row, elapsed_ms(host, start), outcome.rows));
  return outcome;
}

}  // namespace zdm::migrations
