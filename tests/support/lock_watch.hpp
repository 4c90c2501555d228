#pragma once

#include <string>
#include <thread>

#include "support/database.hpp"

namespace zdm::tests {

/// How long statements of the application stood waiting for a lock, by the server's own account
/// (pg_locks.waitstart), looked at all the time; so that a machine that is busy with other things
/// is not taken for a lock.
class LockWatch final {
 public:
  struct Longest {
    double ms = 0;
    std::string what;     ///< the statement, and who stood in its way
    std::string trouble;  ///< why nobody watches any more; empty when all went well
  };

  /// Watches from now on those that as_application() connected.
  explicit LockWatch(const Database& database);
  LockWatch(const LockWatch&) = delete;
  LockWatch& operator=(const LockWatch&) = delete;
  ~LockWatch() { static_cast<void>(stop()); }

  Longest stop();

 private:
  void watch(migrations::Connection& connection, const std::stop_token& stop);
  bool saw(const migrations::Result<migrations::Rows>& waiting);

  Longest longest_;  ///< the thread's, until it has ended
  std::jthread thread_;
};

/// One that waits as an application does: for as long as it takes.
[[nodiscard]] std::unique_ptr<migrations::Connection> as_application(const Database& database);

}  // namespace zdm::tests
