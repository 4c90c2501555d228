#include <fmt/format.h>

#include <utility>

#include "execute/operations.hpp"
#include "execute/release_rules.hpp"
#include "execute/session.hpp"

namespace zdm::migrations {
namespace {

ReleaseReport report_of(const ReleaseJudge& judge, const std::string& release) {
  return {.release = release,
          .parent = {},
          .floor = judge.floor().release,
          .live = judge.newest_live(),
          .ok = true,
          .reasons = judge.floor().reasons};
}

ReleaseJudge judge_of(const Environment& environment, const LedgerState& state,
                      const std::vector<std::string>& cut,
                      const std::vector<planner::Migration>& migrations) {
  return ReleaseJudge({.state = state,
                       .migrations = migrations,
                       .cut = cut,
                       .assume_live = environment.assume_live,
                       .deploying = {}});
}

Error unknown_release(const std::string& release) {
  return {
      .code = ErrorCode::refused,
      .message = fmt::format("release {} was never applied here and is not in zdm.lock", release),
      .hint = "zdm apply --release records it; zdm release cut writes zdm.lock"};
}

/// Without the lease: a rollout does not wait for a backfill.
Result<void> record_live(Session& session, const std::string& release) {
  ZDM_CHECK(session.require_writable());
  ZDM_CHECK(session.ledger().ensure(session.work()));
  ZDM_TRY(auto transaction, Transaction::begin(session.work()));
  // One that brought no migration may never have been applied.
  ZDM_CHECK(session.ledger().put_release(session.work(), release));
  ZDM_CHECK(session.ledger().set_live(session.work(), release));
  return transaction.commit();
}

}  // namespace

Result<ReleaseReport> release_live(const Environment& environment,
                                   const std::vector<std::string>& cut_releases,
                                   const std::string& release) {
  ZDM_TRY(const auto session, Session::open(environment));
  ZDM_TRY(LedgerState state, load_state(*session));
  const std::vector<planner::Migration> none;
  if (!judge_of(environment, state, cut_releases, none).knows(release)) {
    return planner::fail(unknown_release(release));
  }
  ZDM_CHECK(record_live(*session, release));
  ZDM_TRY(state, load_state(*session));
  return report_of(judge_of(environment, state, cut_releases, none), release);
}

Result<ReleaseReport> release_floor(const Environment& environment,
                                    const std::vector<std::string>& cut_releases,
                                    const std::vector<planner::Migration>& migrations) {
  ZDM_TRY(const auto session, Session::open(environment));
  ZDM_TRY(const LedgerState state, load_state(*session));
  return report_of(judge_of(environment, state, cut_releases, migrations), {});
}

Result<ReleaseReport> release_check(const Environment& environment,
                                    const std::vector<std::string>& cut_releases,
                                    const std::string& to,
                                    const std::vector<planner::Migration>& migrations) {
  ZDM_TRY(const auto session, Session::open(environment));
  ZDM_TRY(const LedgerState state, load_state(*session));
  const ReleaseJudge judge = judge_of(environment, state, cut_releases, migrations);
  ReleaseReport report = report_of(judge, to);
  const auto verdict = judge.may_run(to);
  report.ok = verdict.goes();
  report.reasons.clear();
  if (!report.ok) report.reasons = {verdict.reason, verdict.next};
  return report;
}

}  // namespace zdm::migrations
