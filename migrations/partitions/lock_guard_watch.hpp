#pragma once

#include <chrono>
#include <cstdint>
#include <thread>

#include "database/connection.hpp"
#include "host/host.hpp"

namespace zdm::migrations {

/// Bounds, from outside, a statement that may not be bounded by lock_timeout: cancels what `work`
/// does once it has waited for a lock on a relation for `longest`, and at `until`. Waiting for
/// transactions to end, which nobody queues behind, it lets pass.
class LockGuardWatch final {
 public:
  struct Bounds {
    std::chrono::milliseconds longest;
    std::chrono::steady_clock::time_point until;
    std::stop_token stop;  ///< asked for: cancels at once
  };
  LockGuardWatch(Connection& control, Connection& work, Host& host, Bounds bounds);

 private:
  std::jthread thread_;  ///< stopped and joined by its destructor
};

}  // namespace zdm::migrations
