#include "locks/lock_view.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "ledger/fields.hpp"
#include "locks/lock_modes.hpp"
#include "locks/lock_try.hpp"

namespace zdm::migrations {
namespace {

using planner::Blocker;
using planner::LockClaim;

/// [{"relation": "public.users", "modes": ["AccessShareLock", …]}]: the modes that conflict.
std::string claims_json(const std::vector<LockClaim>& claims) {
  nlohmann::json all = nlohmann::json::array();
  for (const LockClaim& claim : claims) {
    nlohmann::json modes = nlohmann::json::array();
    for (std::size_t i = 0; i < planner::kLockModeNames.size(); ++i) {
      const auto mode = static_cast<planner::LockMode>(i);
      if (planner::conflicts(claim.mode, mode)) {
        modes.push_back(planner::pg_locks_mode(mode));
      }
    }
    all.push_back({{"relation", claim.relation}, {"modes", std::move(modes)}});
  }
  return all.dump();
}

// Waiters count too: who queues for a conflicting lock stands before us. A prepared transaction has
// no pid; the lock on its own transaction id says which one it is.
constexpr std::string_view kConflicting = R"(
    SELECT c.relation, l.mode, l.pid, l.virtualtransaction, x.transactionid AS prepared_xid
      FROM jsonb_to_recordset($1) AS c(relation text, modes jsonb)
      JOIN pg_catalog.pg_locks l
        ON l.relation = to_regclass(c.relation) AND c.modes ? l.mode
      LEFT JOIN pg_catalog.pg_locks x
        ON l.pid IS NULL AND x.pid IS NULL AND x.locktype = 'transactionid' AND x.granted
       AND x.virtualtransaction = l.virtualtransaction
     WHERE l.locktype = 'relation'
       AND l.database = (SELECT oid FROM pg_catalog.pg_database
                          WHERE datname = current_database())
       AND l.pid IS DISTINCT FROM pg_backend_pid())";

constexpr std::string_view kHolders = R"(
    SELECT l.pid, l.virtualtransaction, l.relation, l.mode,
           l.pid IS NULL OR a.backend_type IS NOT NULL,
           coalesce(a.backend_type = 'autovacuum worker', false),
           coalesce(a.backend_type = 'autovacuum worker'
                    AND a.query LIKE '%(to prevent wraparound)', false),
           (extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, p.prepared))
            * 1000)::bigint,
           coalesce(a.state LIKE 'idle in transaction%', false)
      FROM ({}) l
      LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
      LEFT JOIN pg_catalog.pg_prepared_xacts p ON p.transaction = l.prepared_xid)";

// pg_blocking_pids() says 0 for a prepared transaction; those that hold a claimed relation are
// named by the second half.
constexpr std::string_view kBlockers = R"(
    WITH RECURSIVE conflicting AS ({}),
    chain(pid, depth) AS (
      SELECT DISTINCT pid, 0 FROM conflicting WHERE pid IS NOT NULL
      UNION
      SELECT b.pid, c.depth + 1
        FROM chain c CROSS JOIN LATERAL unnest(pg_blocking_pids(c.pid)) AS b(pid)
       WHERE c.depth < 8 AND b.pid NOT IN (0, pg_backend_pid(), c.pid)
    ),
    root_first AS (SELECT pid, max(depth) AS depth FROM chain GROUP BY pid)
    SELECT a.pid, a.application_name, a.usename::text, a.state,
           (extract(epoch FROM clock_timestamp() - a.xact_start) * 1000)::bigint AS age_ms,
           left(trim(regexp_replace(a.query, '\s+', ' ', 'g')), 200), r.depth
      FROM root_first r JOIN pg_catalog.pg_stat_activity a ON a.pid = r.pid
     UNION ALL
    SELECT DISTINCT 0, p.gid, p.owner::text, 'prepared transaction',
           (extract(epoch FROM clock_timestamp() - p.prepared) * 1000)::bigint, '', 9
      FROM conflicting l
      JOIN pg_catalog.pg_prepared_xacts p ON p.transaction = l.prepared_xid
     ORDER BY 7 DESC, 5 DESC NULLS LAST)";

Result<Rows> look(Connection& control, std::string_view query,
                  const std::vector<LockClaim>& claims) {
  return control.run(fmt::format(fmt::runtime(query), kConflicting), {claims_json(claims)});
}

}  // namespace

Result<std::vector<Holder>> holders_of(Connection& control, const std::vector<LockClaim>& claims) {
  std::vector<Holder> holders;
  if (claims.empty() || control.engine() == Engine::sqlite) {
    return holders;
  }
  ZDM_TRY(const Rows found, look(control, kHolders, claims));
  for (const auto& row : found.rows) {
    Holder holder{.pid = ledger::number(row[0]),
                  .transaction = ledger::text(row[1]),
                  .relation = ledger::text(row[2]),
                  .mode = ledger::text(row[3]),
                  .visible = ledger::truth(row[4]),
                  .autovacuum = ledger::truth(row[5]),
                  .wraparound = ledger::truth(row[6]),
                  .idle = ledger::truth(row[8])};
    if (row[7]) {
      holder.age = std::chrono::milliseconds(ledger::number(row[7]));
    }
    holders.push_back(std::move(holder));
  }
  return holders;
}

Result<std::vector<Blocker>> blockers_of(Connection& control,
                                         const std::vector<LockClaim>& claims) {
  std::vector<Blocker> blockers;
  if (claims.empty() || control.engine() == Engine::sqlite) {
    return blockers;
  }
  ZDM_TRY(const Rows found, look(control, kBlockers, claims));
  for (const auto& row : found.rows) {
    blockers.push_back({.pid = ledger::number(row[0]),
                        .application = ledger::text(row[1]),
                        .user = ledger::text(row[2]),
                        .state = ledger::text(row[3]),
                        .age_ms = ledger::number(row[4]),
                        .query = ledger::text(row[5])});
  }
  return blockers;
}

Result<std::vector<LockClaim>> unreadable_relations(Connection& connection) {
  ZDM_TRY(const Rows found, connection.run(R"(
      SELECT DISTINCT format('%I.%I', n.nspname, c.relname)
        FROM pg_catalog.pg_locks l
        JOIN pg_catalog.pg_class c ON c.oid = l.relation
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.granted
         AND c.relkind IN ('r', 'p', 'm', 'v', 'i', 'I')
         AND l.database = (SELECT oid FROM pg_catalog.pg_database
                            WHERE datname = current_database())
         AND l.pid IS DISTINCT FROM pg_backend_pid()
       ORDER BY 1 LIMIT 20)"));
  std::vector<LockClaim> claims;
  for (const auto& row : found.rows) {
    claims.push_back({ledger::text(row[0]), planner::LockMode::access_share});
  }
  return claims;
}

std::chrono::milliseconds HolderAges::age(const Holder& holder) {
  const auto now = host_->steady();
  const auto first = first_seen_.try_emplace(holder.transaction, now).first->second;
  return holder.age.value_or(std::chrono::duration_cast<std::chrono::milliseconds>(now - first));
}

void ask_autovacuum_to_give_way(Connection& control, const std::string& relation) {
  constexpr std::string_view kTimeout = R"(
      SELECT set_config('lock_timeout',
                        (extract(epoch FROM current_setting('deadlock_timeout')::interval) * 1000
                         + 1000)::bigint || 'ms', true))";
  auto transaction = Transaction::begin(control);
  if (!transaction || !control.run(kTimeout)) {
    return;
  }
  // Whether it helped, the next look tells. An index or a view cannot be locked like this.
  static_cast<void>(control.run("LOCK TABLE ONLY " + relation + " IN SHARE UPDATE EXCLUSIVE MODE"));
}

}  // namespace zdm::migrations
