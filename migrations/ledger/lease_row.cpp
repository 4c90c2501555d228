#include "ledger/lease_row.hpp"

#include "ledger/fields.hpp"

namespace zdm::migrations {
namespace {

// backend_start is NULL for other roles' backends where the reader is not in pg_read_all_stats:
// then the pid alone decides (PostgreSQL manual, 28.2.3).
constexpr std::string_view kReadPostgres = R"(
    SELECT l.holder, l.host, l.pid, l.fence, l.heartbeat,
           (extract(epoch FROM clock_timestamp() - l.heartbeat) * 1000)::bigint,
           l.pooled, l.work_pid, w.pid IS NOT NULL, c.pid IS NOT NULL, w.state
      FROM zdm.lease l
      LEFT JOIN pg_catalog.pg_stat_activity w
             ON w.pid = l.work_pid
            AND coalesce(w.backend_start = l.work_start, true)
      LEFT JOIN pg_catalog.pg_stat_activity c
             ON c.pid = l.control_pid
            AND coalesce(c.backend_start = l.control_start, true)
     WHERE l.target = $1 AND l.scope = $2)";

constexpr std::string_view kReadSqlite = R"(
    SELECT holder, host, pid, fence, heartbeat,
           CAST((julianday('now') - julianday(heartbeat)) * 86400000 AS INTEGER),
           0, 0, 0, 0, NULL
      FROM zdm_lease WHERE target = $1 AND scope = $2)";

// Compare and swap on (fence, heartbeat): of two that come at once one gets no row, and neither
// does one whose verdict was overtaken by a heartbeat.
constexpr std::string_view kSwapPostgres = R"(
    INSERT INTO zdm.lease AS l (target, scope, fence, holder, host, pid, pooled, work_pid,
                                work_start, control_pid, control_start)
    VALUES ($1, $2, 1, $3, $4, $5, $6, $7,
            (SELECT backend_start FROM pg_catalog.pg_stat_activity WHERE pid = $7), $8,
            (SELECT backend_start FROM pg_catalog.pg_stat_activity WHERE pid = $8))
        ON CONFLICT (target, scope) DO UPDATE
       SET fence = l.fence + 1, holder = excluded.holder, host = excluded.host,
           pid = excluded.pid, pooled = excluded.pooled,
           work_pid = excluded.work_pid, work_start = excluded.work_start,
           control_pid = excluded.control_pid, control_start = excluded.control_start,
           taken = clock_timestamp(), heartbeat = clock_timestamp()
     WHERE l.fence = $9 AND l.heartbeat = $10
    RETURNING fence)";

constexpr std::string_view kSwapSqlite = R"(
    INSERT INTO zdm_lease AS l (target, scope, fence, holder, host, pid)
    VALUES ($1, $2, 1, $3, $4, $5)
        ON CONFLICT (target, scope) DO UPDATE
       SET fence = l.fence + 1, holder = excluded.holder, host = excluded.host,
           pid = excluded.pid,
           taken = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
           heartbeat = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
     WHERE l.fence = $6 AND l.heartbeat = $7
    RETURNING fence)";

Text backend(const Connection& connection, bool pooled) {
  return pooled ? Text{} : Text{std::to_string(connection.backend_pid())};
}

}  // namespace

Result<LeaseRow> read_lease(Connection& control, const std::string& target,
                            const std::string& scope) {
  const bool postgres = control.engine() == Engine::postgresql;
  ZDM_TRY(const Rows found, control.run(postgres ? kReadPostgres : kReadSqlite,
                                        {target, scope}));
  if (found.empty()) {
    return LeaseRow{};
  }
  const auto& row = found.rows.front();
  return LeaseRow{.who = {.holder = ledger::text(row[0]),
                          .host = ledger::text(row[1]),
                          .pid = ledger::number(row[2]),
                          .heartbeat_age_ms = ledger::number(row[5])},
                  .held = row[0].has_value(),
                  .fence = ledger::number(row[3]),
                  .heartbeat = ledger::text(row[4]),
                  .pooled = ledger::truth(row[6]),
                  .work_pid = ledger::number(row[7]),
                  .work_alive = ledger::truth(row[8]),
                  .control_alive = ledger::truth(row[9]),
                  .work_state = ledger::text(row[10])};
}

Result<std::optional<std::int64_t>> swap_lease(Connection& control, Connection& work,
                                               const Host& host, const LeaseRequest& request,
                                               const LeaseRow& seen) {
  const std::string scope = scope_text(request.scope, request.object);
  const std::string pid = std::to_string(host.pid());
  const std::string fence = std::to_string(seen.fence);
  // What was not there has no heartbeat either: the condition is then false for a row of another.
  const Text heartbeat = ledger::or_null(seen.heartbeat);
  const bool pooled = control.pooled() || work.pooled();
  auto taken = control.engine() == Engine::postgresql
                   ? control.run(kSwapPostgres,
                                 {request.target, scope, request.holder, host.hostname(), pid,
                                  std::string(pooled ? "true" : "false"), backend(work, pooled),
                                  backend(control, pooled), fence, heartbeat})
                   : control.run(kSwapSqlite, {request.target, scope, request.holder,
                                               host.hostname(), pid, fence, heartbeat});
  ZDM_CHECK(taken);
  if (taken->empty()) {
    return std::optional<std::int64_t>{};
  }
  return std::optional(taken->first_integer());
}

}  // namespace zdm::migrations
