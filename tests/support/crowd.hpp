#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/database.hpp"
#include "support/lock_watch.hpp"

namespace zdm::tests {

/// What an application went through.
struct Felt {
  std::int64_t statements = 0;
  std::vector<std::string> failures;
  double longest_wait_ms = 0;  ///< of one of its statements for a lock
  std::string longest_wait;    ///< LockWatch::Longest::what
  /// The longest time between a statement and its answer, whatever the reason.
  double longest_answer_ms = 0;
};

/// What an application does all the time, and reads in transactions that it keeps open.
struct Busy {
  std::vector<std::string> statements;
  std::string held;
  /// How many each of the statements must answer with; nullopt: any number.
  std::optional<std::size_t> rows = std::nullopt;
  std::chrono::milliseconds pause{50};  ///< between two of the transactions kept open
};

/// An application at work, and one reader that keeps each of its transactions open for `hold`.
class Crowd final {
 public:
  /// On `events`: readers that name a time and readers that do not, writers, updaters.
  Crowd(const Database& database, std::chrono::milliseconds hold);
  /// Returns once every one of them has worked, and the transaction is held.
  Crowd(const Database& database, std::chrono::milliseconds hold, Busy busy);
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  ~Crowd() { static_cast<void>(stop()); }

  /// How often the long transaction was begun.
  [[nodiscard]] int held() const { return held_; }
  Felt stop();

 private:
  void work(const std::string& sql, const std::stop_token& stop);
  void hold(std::chrono::milliseconds time, const std::stop_token& stop);
  void run(migrations::Connection& connection, const std::string& sql,
           std::optional<std::size_t> rows = std::nullopt);

  const Database& database_;
  Busy busy_;
  LockWatch watch_;
  std::mutex mutex_;
  Felt felt_;
  std::atomic<int> working_ = 0;
  std::atomic<int> held_ = 0;
  std::vector<std::jthread> threads_;
};

}  // namespace zdm::tests
