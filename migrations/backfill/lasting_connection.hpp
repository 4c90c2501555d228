#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

#include "database/open.hpp"
#include "host/host.hpp"
#include "ledger/lease.hpp"

namespace zdm::migrations {

/// The work connection of a backfill, which outlives its server process: after a loss it is opened
/// again from nothing and the lease's backends are written anew (law 7).
class LastingConnection final {
 public:
  struct Parts {
    std::unique_ptr<Connection>& work;
    const Opener& open;
    Connection& control;
    Host& host;
    const Lease& lease;
    const std::stop_token& stop;
    const std::function<ErrorCode()>& stop_reason;
  };
  explicit LastingConnection(const Parts& parts) : parts_(parts) {}

  [[nodiscard]] Connection& get() const { return *parts_.work; }
  [[nodiscard]] Host& host() const { return parts_.host; }
  [[nodiscard]] const std::stop_token& stop() const { return parts_.stop; }

  /// After a failed statement: leaves its transaction.
  void leave_transaction() const;
  /// Opens again, with back-off, for as long as the budget of a minute lasts; the budget begins
  /// anew when progress() was called. ErrorCode::cannot_connect when it is spent.
  [[nodiscard]] Result<void> reconnect();
  void progress() { lost_since_.reset(); }

  /// The error that a stop asked for ends the work with; nothing when none was.
  [[nodiscard]] std::optional<Error> stopped() const;

  /// Runs `work(connection)` until it succeeds or fails for good: locks and cancels are waited out,
  /// lost connections opened again.
  template <class Work>
  [[nodiscard]] auto insist(const Work& work) -> decltype(work(std::declval<Connection&>())) {
    for (int failures = 1;; ++failures) {
      auto result = work(get());
      if (result) return result;
      ZDM_CHECK(recover(result.error(), failures));
    }
  }

 private:
  [[nodiscard]] Result<void> recover(const Error& error, int failures);

  Parts parts_;
  std::optional<std::chrono::steady_clock::time_point> lost_since_;
};

}  // namespace zdm::migrations
