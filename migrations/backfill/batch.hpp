#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "backfill/backfill.hpp"
#include "backfill/leaf.hpp"
#include "sync/compose.hpp"

namespace zdm::migrations {

/// The rows one batch looks at: blocks [from, to), of them one visit's line pointers or all.
struct BatchRange {
  std::int64_t from = 0;
  std::int64_t to = 0;
  int stripes = 1;
  std::optional<int> stripe;  ///< nothing: all rows
  std::string ctid;           ///< this row alone
  bool meter = false;         ///< count the rows that stay within the range
};

/// What became of a batch that was not refused by an error.
struct BatchResult {
  enum class End {
    written,
    rewritten,  ///< the leaf has another file: its rows moved, nothing was written
    unguarded,  ///< the trigger pair is not there or not enabled, nothing was written
    renamed,    ///< the name belongs to another table now, nothing was written
  };
  End end = End::written;
  std::int64_t rows = 0;
  std::int64_t in_place = 0;  ///< metered: of them, within the range
};

/// What is the same in all batches of a backfill.
struct BatchSettings {
  std::string token;  ///< zdm.backfill: makes the trigger let these writes pass (law 3)
  planner::FillSql fill;
  planner::UserTriggers user_triggers = planner::UserTriggers::refuse;
  Walk walk = Walk::stripes;
  bool guarded = true;
  std::int64_t block_size = 8192;
  std::chrono::milliseconds statement_timeout{500};  ///< below deadlock_timeout
};

/// Half of the server's deadlock_timeout, 500 ms at most: a batch gives up before anyone is made
/// the victim of a deadlock with it. With the server's block size.
struct ServerLimits {
  std::chrono::milliseconds statement_timeout{500};
  std::int64_t block_size = 8192;
};
[[nodiscard]] Result<ServerLimits> server_limits(Connection& connection);

/// One fenced transaction on one leaf, in two messages: BEGIN … UPDATE, and what is recorded …
/// COMMIT. The UPDATE itself carries the conditions that the lease is still ours, that the leaf is
/// still in the file we know, and that its trigger pair is installed and enabled. It evaluates them
/// under the lock that makes a rewrite, TRUNCATE and changes of triggers wait until our COMMIT.
class Batch final {
 public:
  Batch(const BatchSettings& settings, const Lease& lease, const Leaf& leaf,
        std::uint32_t filenode);

  /// Writes the range. On an error the transaction is left open (failed): the caller leaves it.
  /// ErrorCode::busy when the lease was lost. `timeout` replaces the settings' statement_timeout.
  [[nodiscard]] Result<BatchResult> write(Connection& work, const BatchRange& range,
                                          std::chrono::milliseconds timeout) const;
  /// Ends the transaction that write() began, with what is to be recorded in it.
  [[nodiscard]] static Result<void> commit(Connection& work, const std::string& record);

  /// The condition that a row lies in the range: also what narrowing down reads by.
  [[nodiscard]] std::string within(const BatchRange& range) const;
  /// The settings a reader of the same leaf needs: BEGIN and SET LOCAL.
  [[nodiscard]] std::string opening(std::chrono::milliseconds timeout) const;

 private:
  [[nodiscard]] Result<BatchResult> why_nothing(Connection& work) const;
  [[nodiscard]] std::string filenode_condition() const;
  [[nodiscard]] std::string trigger_condition() const;

  const BatchSettings* settings_;
  const Lease* lease_;
  const Leaf* leaf_;
  std::uint32_t filenode_;
  std::string conditions_;  ///< fence, file, triggers: evaluated once per statement
};

}  // namespace zdm::migrations
