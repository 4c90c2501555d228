#include "matviews/job.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <utility>

#include "locks/claims.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

constexpr auto kTell = std::chrono::seconds(1);

}  // namespace

std::int64_t MatviewJob::elapsed_ms() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(session.environment().host.steady() -
                                                               began)
      .count();
}

void MatviewJob::say(const std::string& text, const std::string& throttled,
                     const std::vector<planner::Blocker>& blockers) const {
  if (!progress) return;
  ProgressEvent event;
  event.migration = {report.name};
  event.text = text;
  event.throttled = throttled;
  event.blockers = blockers;
  progress(event);
}

std::function<void(const std::vector<planner::Blocker>&)> MatviewJob::waiting() const {
  return [this](const std::vector<planner::Blocker>& blockers) {
    if (report.waited_for.empty() && !blockers.empty()) {
      const auto& first = blockers.front();
      const auto& who = first.application.empty() ? first.user : first.application;
      report.waited_for = first.pid == 0 ? fmt::format("prepared transaction {}", first.application)
                                         : fmt::format("pid {} ({})", first.pid, who);
    }
    say("waiting for a lock", {}, blockers);
  };
}

Result<void> MatviewJob::begin(planner::RefreshMethod method, const std::string& reason) {
  report.method = to_string(method);
  report.reason = reason;
  const auto& environment = session.environment();
  began = environment.host.steady();
  const RunStart start{.view = report.name,
                       .method = method,
                       .reason = reason,
                       .actor = environment.host.user(),
                       .host = environment.host.hostname()};
  return session.transact({.claims = {},
                           .body = [&](Connection& connection) -> Result<void> {
                             ZDM_CHECK(end_dead_runs(connection, session.ledger(), start.view));
                             ZDM_TRY(run, start_matview_run(connection, session.ledger(), start));
                             return {};
                           },
                           .settled = {},
                           .waiting = {}});
}

Ticker::Ticker(const MatviewJob& job, std::string text)
    : job_(job), text_(std::move(text)), began_(job.session.environment().host.steady()) {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Ticker::run(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  const auto& environment = job_.session.environment();
  while (!wake.wait_for(lock, stop, kTell, [] { return false; }) && !stop.stop_requested()) {
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(environment.host.steady() - began_)
            .count();
    job_.say(fmt::format("{}, for {} s", text_, seconds));
    const bool out_of_time = environment.stop.stop_requested() && environment.stop_reason &&
                             environment.stop_reason() == ErrorCode::busy;
    if (out_of_time) job_.session.work().cancel();
  }
}

std::vector<planner::LockClaim> refresh_claims(const planner::Matview& view,
                                               planner::LockMode mode) {
  planner::Claims claims;
  claims.add(view.name, mode);
  const bool writes = mode >= planner::LockMode::exclusive;
  for (const auto& index : view.indexes) {
    if (!writes) break;
    claims.add({view.name.schema, index}, mode == planner::LockMode::access_exclusive
                                              ? mode
                                              : planner::LockMode::row_exclusive);
  }
  for (const auto& read : view.reads_directly) {
    claims.add(read, planner::LockMode::access_share);
  }
  return claims.list();
}

void report_locks(MatviewReport& report, const std::vector<planner::LockClaim>& claims) {
  planner::Claims all;
  all.merge(report.locks);
  for (const auto& claim : claims) {
    if (claim.mode != planner::LockMode::access_share) all.merge({claim});
  }
  report.locks = all.list();
}

}  // namespace zdm::migrations
