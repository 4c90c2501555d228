#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>

#include "database/connection.hpp"
#include "host/host.hpp"

namespace zdm::migrations {

/// Bounds, from outside, statements that may not be bounded by lock_timeout: cancels what `work`
/// does once it has waited for a lock on a relation for `longest`, and at its `until`. Waiting for
/// transactions to end, which nobody queues behind, it lets pass. One thread for all of them.
class LockGuardWatch final {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Bounds {
    std::chrono::milliseconds longest;
    std::stop_token stop;  ///< asked for: cancels at once
  };
  LockGuardWatch(Connection& control, Connection& work, Host& host, Bounds bounds);

  /// Runs it on the work connection; an error of class cancelled where the watch ended it. `slow`
  /// is called about once a second while it runs, by the watching thread.
  [[nodiscard]] Result<Rows> run(std::string_view sql, Time until, std::function<void()> slow);

 private:
  struct Statement {
    Time until;
    Time next_look;
    Time clear;  ///< it was seen to wait for no lock
    Time told;
    std::function<void()> slow;
  };
  void watch(const std::stop_token& done);
  void look(Statement& statement);

  Connection& control_;
  Connection& work_;
  Host& host_;
  Bounds bounds_;
  std::mutex mutex_;
  std::optional<Statement> running_;  ///< guarded by mutex_
  std::jthread thread_;               ///< stopped and joined by its destructor, before the rest
};

}  // namespace zdm::migrations
