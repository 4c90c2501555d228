#include <fmt/format.h>

#include "matviews/build.hpp"
#include "matviews/job.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

using planner::TableName;

constexpr int kMostAttempts = 10;

/// The index by its name and view: absent, 'invalid' or 'done'.
Result<std::string> state_of(Connection& connection, const TableName& index, std::uint32_t view) {
  ZDM_TRY(const Rows rows, connection.run(R"(
      SELECT CASE WHEN i.indrelid <> $2::oid THEN 'other'
                  WHEN i.indisvalid AND i.indisready THEN 'done' ELSE 'invalid' END
        FROM pg_index i WHERE i.indexrelid = to_regclass($1))",
                                          {planner::quote(index), std::to_string(view)}));
  return rows.first();
}

/// Statements that wait for others inside themselves: a lock_timeout would leave an invalid index
/// behind (law 12).
Result<void> run_patiently(Connection& work, const std::string& sql) {
  if (!work.pooled()) ZDM_CHECK(work.run("SET lock_timeout = 0"));
  auto done = work.run(sql);
  if (!work.pooled() && work.usable()) ZDM_CHECK(work.run("SET lock_timeout = '500ms'"));
  if (!done) return planner::fail(std::move(done).error());
  return {};
}

Result<void> try_once(MatviewJob& job, const TableName& index) {
  Connection& work = job.session.work();
  ZDM_TRY(const auto before, state_of(work, index, job.state.view.oid));
  if (before == "done") return {};
  if (before == "invalid") {
    ZDM_CHECK(run_patiently(work, "DROP INDEX CONCURRENTLY " + planner::quote(index)));
  }
  return run_patiently(work, job.state.eligibility.create_index);
}

}  // namespace

Result<void> create_key(MatviewJob& job) {
  const TableName index{job.name().schema, job.state.eligibility.index_name};
  const Ticker ticker(job, job.state.eligibility.create_index);
  for (int attempt = 1;; ++attempt) {
    auto tried = try_once(job, index);
    if (tried) return tried;
    if (is_lost(tried.error())) ZDM_CHECK(job.session.reconnect());
    const bool again = (is_lost(tried.error()) || passes(tried.error())) &&
                       attempt < kMostAttempts && !job.session.stopping();
    if (again) continue;
    // Nothing invalid may stay behind: it serves no read.
    const auto left = state_of(job.session.work(), index, job.state.view.oid);
    if (left && *left == "invalid") {
      static_cast<void>(
          run_patiently(job.session.work(), "DROP INDEX CONCURRENTLY " + planner::quote(index)));
    }
    Error error = job.session.or_stop(std::move(tried).error());
    if (is_duplicate(error)) {
      error.code = ErrorCode::refused;
      error.hint = "no unique index can be built over these columns: choose others, and create one";
    }
    return planner::fail(std::move(error));
  }
}

}  // namespace zdm::migrations
