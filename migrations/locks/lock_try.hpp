#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "database/connection.hpp"
#include "host/host.hpp"
#include "model/step.hpp"

namespace zdm::migrations {

struct LockPolicy {
  std::chrono::milliseconds timeout{500};  ///< the most anyone may wait behind one try
  std::chrono::milliseconds budget{std::chrono::minutes(10)};
};

/// Runs `attempt` under the lock discipline of law 8: looks at pg_locks for holders older than
/// ordinary ones on the claimed relations and does not try while there are; sets the lock_timeout
/// of the try to 1.3 times the age of ordinary holders within [50 ms, policy.timeout]; backs off
/// with full jitter; gives up when the budget is spent (ErrorCode::busy with blockers, root first,
/// nothing changed). `attempt` gets the lock_timeout to SET LOCAL, and is called again after 55P03,
/// 40P01, 40001. `waiting` is told the blockers, about once a second. SQLite: BUSY is retried the
/// same way.
[[nodiscard]] Result<void> with_locks(
    Connection& control, Host& host, const LockPolicy& policy,
    const std::vector<planner::LockClaim>& claims, const std::stop_token& stop,
    const std::function<Result<void>(std::chrono::milliseconds lock_timeout)>& attempt,
    const std::function<void(const std::vector<planner::Blocker>&)>& waiting);

/// Who holds or queues for locks that conflict with `claims`, walked to the root of each chain.
[[nodiscard]] Result<std::vector<planner::Blocker>> blockers_of(
    Connection& control, const std::vector<planner::LockClaim>& claims);

}  // namespace zdm::migrations
