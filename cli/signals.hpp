#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>

#include "commands/table.hpp"
#include "model/error.hpp"

namespace zdm::cli {

/// How a command is told to stop. The first Ctrl-C or SIGTERM, or the end of --timeout, asks for a
/// stop at a safe point; the second signal cancels what the database runs for us, and leaves if
/// that takes more than five seconds; the third leaves at once. A command that only reads may be
/// cancelled anywhere: its first signal cancels. Leaving at once is safe: the ledger knows what was
/// done.
class Interrupts final {
 public:
  Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;
  ~Interrupts();

  /// From here on the signals are ours. Call before any other thread starts: threads inherit the
  /// mask.
  void watch(Work work, std::optional<std::chrono::milliseconds> timeout);

  [[nodiscard]] std::stop_token token() const;
  [[nodiscard]] bool stopped() const;
  /// interrupted, terminated, or busy after --timeout; interrupted while nothing happened.
  [[nodiscard]] planner::ErrorCode reason() const;

  /// Called from another thread when running statements are to be cancelled, until `forget`.
  [[nodiscard]] int on_cancel(std::function<void()> cancel);
  /// After it returned, the callback does not run and will not.
  void forget(int callback);

  /// While one of these lives nothing is under way (we wait for an answer): a signal leaves at
  /// once.
  class Idle final {
   public:
    explicit Idle(Interrupts& interrupts);
    Idle(const Idle&) = delete;
    Idle& operator=(const Idle&) = delete;
    ~Idle();

   private:
    Interrupts& interrupts_;
  };

 private:
  struct State;
  std::shared_ptr<State> state_;
  std::thread watcher_;
};

}  // namespace zdm::cli
