#include "backfill/lasting_connection.hpp"

#include <algorithm>

namespace zdm::migrations {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kBudget{60'000};

milliseconds back_off(int failures, milliseconds least, milliseconds most, double random) {
  const milliseconds bound = std::min(most, least * (1 << std::min(failures, 10)));
  return milliseconds(static_cast<milliseconds::rep>(static_cast<double>(bound.count()) * random)) +
         least;
}

}  // namespace

void LastingConnection::leave_transaction() const {
  if (!get().usable() || !get().in_transaction()) return;
  // Should this fail the connection is lost, and the server rolls back for it.
  static_cast<void>(get().run("ROLLBACK"));
}

Result<void> LastingConnection::reconnect() {
  if (!lost_since_) lost_since_ = parts_.host.steady();
  for (int failures = 0;; ++failures) {
    if (const auto stop = stopped()) return planner::fail(*stop);
    auto opened = parts_.open();
    const bool spent = parts_.host.steady() - *lost_since_ > kBudget;
    if (opened && !spent) {
      if (auto written = lease_backends(parts_.control, **opened, parts_.lease); !written) {
        return planner::fail(std::move(written).error());
      }
      parts_.work = std::move(*opened);
      return {};
    }
    if (opened) {
      return planner::fail(ErrorCode::cannot_connect,
                           "the work connection was lost again and again for a minute",
                           "See the server's log, then run the same command again: it carries on.");
    }
    if (opened.error().code != ErrorCode::cannot_connect || spent) {
      return planner::fail(std::move(opened).error());
    }
    parts_.host.sleep(
        back_off(failures, milliseconds(100), milliseconds(5000), parts_.host.random()),
        parts_.stop);
  }
}

std::optional<Error> LastingConnection::stopped() const {
  if (!parts_.stop.stop_requested()) return std::nullopt;
  return Error{.code = parts_.stop_reason ? parts_.stop_reason() : ErrorCode::interrupted,
               .message = "the backfill was stopped between two batches",
               .hint = "Run the same command again: it carries on where this one stopped."};
}

Result<void> LastingConnection::recover(const Error& error, int failures) {
  leave_transaction();
  if (!get().usable()) {
    parts_.host.sleep(
        back_off(std::min(failures, 5), milliseconds(20), milliseconds(1000), parts_.host.random()),
        parts_.stop);
    return reconnect();
  }
  const Trouble trouble = classify(error.sqlstate);
  if (trouble != Trouble::lock && trouble != Trouble::cancelled) return planner::fail(error);
  if (const auto stop = stopped()) return planner::fail(*stop);
  parts_.host.sleep(back_off(failures, milliseconds(10), milliseconds(1000), parts_.host.random()),
                    parts_.stop);
  return {};
}

}  // namespace zdm::migrations
