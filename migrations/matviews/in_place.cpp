#include <fmt/format.h>

#include <algorithm>

#include "matviews/job.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

using planner::LockMode;
using planner::RefreshMethod;

/// From this share of its rows on a view is vacuumed after a concurrent refresh: every changed row
/// leaves a dead one, and autovacuum's default waits for a fifth of the table.
constexpr double kMuch = 0.05;

struct Counted {
  std::int64_t inserted = 0, deleted = 0;
};

/// What this backend wrote to the view and has not reported yet: taken before and after, the
/// difference is what the statement between wrote (PostgreSQL manual, 28.2.25).
Result<Counted> counted(Connection& connection, std::uint32_t oid) {
  ZDM_TRY(const Rows rows, connection.run(R"(
      SELECT pg_stat_get_xact_tuples_inserted($1::oid), pg_stat_get_xact_tuples_deleted($1::oid))",
                                          {std::to_string(oid)}));
  return Counted{rows.first_integer(0), rows.first_integer(1)};
}

/// All rows, and those with NULL in the key, in one scan that holds up nobody: the lock lets
/// readers by.
Result<void> count_rows(Connection& connection, const MatviewState& state, RunResult& result) {
  if (!state.view.may_read) return {};
  const auto& key = state.eligibility.key;
  ZDM_TRY(const Rows rows,
          connection.run(fmt::format("SELECT count(*), count(*) FILTER (WHERE {}) FROM {}",
                                     key.empty() ? "false" : planner::null_keys_condition(key),
                                     planner::quote(state.view.name))));
  result.rows = rows.first_integer(0);
  if (!key.empty()) result.null_keys = rows.first_integer(1);
  return {};
}

double share_of(std::int64_t part, std::int64_t all) {
  return std::min(1.0,
                  static_cast<double>(part) / static_cast<double>(std::max<std::int64_t>(all, 1)));
}

Result<RunResult> measured(Connection& connection, const MatviewState& state, RefreshMethod method,
                           const Counted& before) {
  RunResult result;
  ZDM_TRY(const Counted after, counted(connection, state.view.oid));
  if (method != RefreshMethod::concurrently) {  // it wrote every row, and readers wait
    result.rows = after.inserted - before.inserted;
    return result;
  }
  ZDM_CHECK(count_rows(connection, state, result));
  result.inserted = after.inserted - before.inserted;
  result.deleted = after.deleted - before.deleted;
  if (result.rows) {
    result.changed = share_of(std::max(*result.inserted, *result.deleted), *result.rows);
  }
  return result;
}

void take_over(MatviewReport& report, const RunResult& result) {
  report.rows = result.rows;
  report.inserted = result.inserted;
  report.deleted = result.deleted;
  report.null_keys = result.null_keys;
  report.changed = result.changed;
}

}  // namespace

Result<void> refresh_in_place(MatviewJob& job, RefreshMethod method) {
  const bool concurrently = method == RefreshMethod::concurrently;
  const auto claims = refresh_claims(
      job.state.view, concurrently ? LockMode::exclusive : LockMode::access_exclusive);
  report_locks(job.report, claims);
  const auto sql = fmt::format("REFRESH MATERIALIZED VIEW {}{}",
                               concurrently ? "CONCURRENTLY " : "", planner::quote(job.name()));
  const Ticker ticker(job, sql);
  RunResult result;
  auto body = [&](Connection& connection) -> Result<void> {
    // The query runs as the view's owner: what its policies let it see is what the view is made of,
    // whoever refreshes it.
    ZDM_CHECK(connection.run("SET LOCAL row_security = on"));
    ZDM_TRY(const Counted before, counted(connection, job.state.view.oid));
    ZDM_CHECK(connection.run(sql));
    ZDM_TRY(result, measured(connection, job.state, method, before));
    return finish_matview_run(connection, job.run, job.elapsed_ms(), result, job.report.waited_for);
  };
  ZDM_CHECK(job.session.transact(
      {.claims = claims,
       .body = body,
       .settled = [&](Connection& connection) { return run_is_done(connection, job.run); },
       .waiting = job.waiting()}));
  job.report.duration_ms = job.elapsed_ms();
  take_over(job.report, result);
  return {};
}

void vacuum_after(MatviewJob& job) {
  const bool wanted = !job.state.policy || job.state.policy->vacuum;
  if (!wanted || job.report.changed.value_or(0) < kMuch) return;
  job.say("VACUUM (ANALYZE)");
  // No truncation: it would need a moment without readers, here and on standbys.
  const auto done = job.session.work().run(
      fmt::format("VACUUM (ANALYZE, SKIP_LOCKED, TRUNCATE false) {}", planner::quote(job.name())));
  if (done) return;
  job.report.notes.push_back(fmt::format("it was not vacuumed: {}", done.error().message));
}

}  // namespace zdm::migrations
