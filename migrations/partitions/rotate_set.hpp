#pragma once

#include <functional>
#include <span>

#include "execute/session.hpp"
#include "partitions/detach.hpp"
#include "partitions/history.hpp"
#include "partitions/operations.hpp"
#include "partitions/read_retire.hpp"
#include "partitions/read_sets.hpp"
#include "partitions/traits.hpp"

namespace zdm::migrations {

/// Rotates one set: what is missing is made, what an earlier run left is finished, then what is
/// past `keep` goes. Each transaction tells the ledger what it did; a few partitions share one
/// where nobody waits behind its locks.
class SetRotation final {
 public:
  SetRotation(Session& session, const planner::PartitionPolicy& policy,
              const PartitionOptions& options, const ProgressSink& progress)
      : session_(session),
        policy_(policy),
        options_(options),
        progress_(progress),
        history_(session.environment().target, session.environment().host) {}

  SetRotation(const SetRotation&) = delete;
  SetRotation& operator=(const SetRotation&) = delete;
  ~SetRotation() = default;

  /// An error ends the whole command; what concerns this set alone is in the report. All sets make
  /// before the first one retires, which may have to wait.
  [[nodiscard]] Result<void> make_missing(ReadSet read);
  [[nodiscard]] Result<void> retire_old();
  [[nodiscard]] const SetReport& report() const { return report_; }

 private:
  using Body = std::function<Result<void>(Connection&)>;
  using Settled = std::function<Result<bool>(Connection&)>;

  [[nodiscard]] bool makes_nothing() const;
  [[nodiscard]] bool idle() const;
  [[nodiscard]] Result<void> begin_and_make();
  [[nodiscard]] Result<void> retire_and_look();
  [[nodiscard]] Result<void> close();
  [[nodiscard]] Result<void> read_again();
  /// Keeps the error in the report, unless it ends the command.
  [[nodiscard]] Result<void> keep(Result<void> result);

  // rotate_make.cpp
  [[nodiscard]] Result<void> make();
  [[nodiscard]] Result<void> clean_default();
  [[nodiscard]] Result<void> make_some(std::span<const planner::NewPartition> some,
                                       const planner::ChildTraits& traits);
  [[nodiscard]] Result<void> make_one(const planner::NewPartition& made,
                                      const planner::ChildTraits& traits);
  [[nodiscard]] Result<void> attach_one(const planner::Orphan& orphan,
                                        const planner::ChildTraits& traits);

  // rotate_retire.cpp
  [[nodiscard]] Result<void> retire();
  [[nodiscard]] Result<void> finish(const planner::Retirement& plan);
  [[nodiscard]] Result<void> retire_some(std::span<const Leaving> some);
  [[nodiscard]] Result<void> detach_some(std::span<const Leaving> some,
                                         std::vector<Leaving>& detached);
  [[nodiscard]] Result<void> detach_locking(const Leaving& leaving);
  [[nodiscard]] Result<void> expire(const std::vector<Leaving>& detached);
  [[nodiscard]] Result<void> expire_together(const std::vector<Leaving>& detached);
  [[nodiscard]] Result<std::vector<Leaving>> may_go(const std::vector<planner::Partition>& gone);
  [[nodiscard]] Result<std::vector<Leaving>> leaving(const std::vector<planner::Partition>& gone);

  /// A transaction of these statements; `also` writes its ledger rows. After a lost connection
  /// `settled` says whether it was committed.
  [[nodiscard]] Result<void> transact(const planner::Step& step, const Body& also,
                                      const Settled& settled);
  [[nodiscard]] Waiting waiting() const;
  void say(const std::string& text) const;

  Session& session_;
  const planner::PartitionPolicy& policy_;
  const PartitionOptions& options_;
  const ProgressSink& progress_;
  PartitionHistory history_;
  ReadSet read_;
  SetReport report_;
  bool served_ = false;  ///< there is nothing against the set as a whole
  bool idle_ = false;    ///< there is nothing to do
  bool retires_ = false;
  std::int64_t run_ = 0;
};

/// How many partitions share a transaction: each of them takes some ten of the server's locks, of
/// which there are by default 64 for each session (max_locks_per_transaction).
inline constexpr std::size_t kTogether = 25;
/// As many are dropped in one transaction: each commit of a drop goes through all of the server's
/// shared buffers.
inline constexpr std::size_t kRetiredTogether = 50;

}  // namespace zdm::migrations
