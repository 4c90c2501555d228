#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/database.hpp"

namespace zdm::tests {

/// Applications that write `users` and its twin in the same transactions, each in threads of its
/// own: the old release knows users.name, the new one users.full_name. The twin has one column,
/// `value`.
class Writers final {
 public:
  enum class Release { old_one, new_one };

  Writers(TestDatabase& database, std::int64_t rows) : database_(database), rows_(rows) {}
  Writers(const Writers&) = delete;
  Writers& operator=(const Writers&) = delete;
  ~Writers() { stop(); }

  void start(Release release, int threads);
  /// Stops those of one release, as a rollout or its rollback does.
  void stop(Release release);
  void stop();

  [[nodiscard]] std::int64_t transactions() const { return transactions_; }
  /// Errors that no plan warned of.
  [[nodiscard]] std::vector<std::string> failures() const;

 private:
  struct Worker {
    Release release;
    std::jthread thread;
  };
  void write(Release release, const std::stop_token& stop, std::uint64_t seed);
  void failed(const std::string& message);

  TestDatabase& database_;
  std::int64_t rows_;
  std::atomic<std::int64_t> transactions_{0};
  mutable std::mutex mutex_;
  std::vector<std::string> failures_;
  std::vector<Worker> workers_;
};

}  // namespace zdm::tests
