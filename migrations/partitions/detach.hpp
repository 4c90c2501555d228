#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "execute/patient_session.hpp"
#include "execute/session.hpp"
#include "partitions/lock_guard_watch.hpp"
#include "partitions/retire_steps.hpp"

namespace zdm::migrations {

/// Told who is in the way.
using Waiting = std::function<void(const std::vector<planner::Blocker>&)>;

/// DETACH … CONCURRENTLY, so that no statement of the application waits for longer than the lock
/// timeout. The server's timeouts are off, for each of them would leave the partition pending. It
/// takes the rows out of everybody's sight at once, and then waits for whoever uses the set: so it
/// is not begun before those who stay have ended. A wait of its own for a lock on a table is ended
/// by us after the lock timeout, since others queue behind it; what is then pending is finished by
/// FINALIZE in a transaction that may be tried again. All of that has one lock budget.
class ConcurrentDetach final {
 public:
  ConcurrentDetach(Session& session, const planner::PartitionSet& set, Waiting waiting)
      : session_(session), set_(set), waiting_(std::move(waiting)) {}
  ConcurrentDetach(const ConcurrentDetach&) = delete;
  ConcurrentDetach& operator=(const ConcurrentDetach&) = delete;
  /// Puts the session's settings back.
  ~ConcurrentDetach();

  /// `next` are detached right afterwards: one look is for all of them, and where nobody uses any
  /// of what they lock, it serves for a moment.
  void look_ahead(const std::vector<planner::Step>& next);

  /// ErrorCode::busy when it did not come to its end within the lock budget: the message says
  /// whether the partition is pending. It is durable with the next transaction behind it.
  [[nodiscard]] Result<void> detach(const planner::Partition& gone,
                                    const planner::RetireFacts& facts);
  [[nodiscard]] Result<void> finalize(const planner::Partition& pending,
                                      const planner::RetireFacts& facts);

 private:
  enum class State { attached, pending, detached };
  using Time = std::chrono::steady_clock::time_point;
  [[nodiscard]] Result<State> state(Connection& work, const planner::Partition& gone) const;
  [[nodiscard]] Result<State> look(const planner::Partition& gone);
  [[nodiscard]] Result<void> set_up();
  [[nodiscard]] std::vector<planner::LockClaim> waited_for(const planner::Step& step) const;
  /// Nobody uses anything of the batch.
  [[nodiscard]] Result<bool> all_clear();
  [[nodiscard]] Result<void> wait_for_users(const planner::Step& step, Time until);
  [[nodiscard]] Result<void> check_lease();
  [[nodiscard]] tl::unexpected<Error> not_begun(const std::vector<planner::LockClaim>& claims);
  [[nodiscard]] Result<void> finalize(const planner::Partition& pending,
                                      const planner::RetireFacts& facts, Time until);
  /// True: the server says that it is detached. False: what the catalog says counts.
  [[nodiscard]] Result<bool> try_once(const planner::Step& step, Time until);

  Session& session_;
  const planner::PartitionSet& set_;
  Waiting waiting_;
  std::optional<PatientSession> patient_;
  std::optional<LockGuardWatch> watch_;  ///< of the connection there is now
  std::vector<planner::LockClaim> batch_;
  std::optional<Time> clear_until_;  ///< nobody needs to look before
  std::optional<Time> held_until_;   ///< the lease was
};

}  // namespace zdm::migrations
