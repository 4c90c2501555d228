#include "partitions/lock_guard_watch.hpp"

#include <string>

namespace zdm::migrations {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kLook = 10ms;

constexpr std::string_view kWaits = R"(
    SELECT count(*) FROM pg_catalog.pg_locks
     WHERE pid = $1::integer AND NOT granted AND locktype = 'relation')";

bool waits(Connection& control, std::int64_t pid) {
  const auto rows = control.run(kWaits, {std::to_string(pid)});
  return rows && rows->first_integer() > 0;
}

void watch(const std::stop_token& done, Connection& control, Connection& work, Host& host,
           const LockGuardWatch::Bounds& bounds) {
  // Others have queued behind us since the look before the first one that saw it. Most statements
  // are over before the first look.
  Clock::time_point clear = host.steady();
  host.sleep(kLook, done);
  while (!done.stop_requested()) {
    const auto now = host.steady();
    if (!waits(control, work.backend_pid())) clear = now;
    const bool too_long = now - clear + 2 * kLook > bounds.longest;
    if (too_long || now >= bounds.until || bounds.stop.stop_requested()) {
      work.cancel();
      // A cancel that comes between two statements ends neither: again, until it is over.
      host.sleep(100ms, done);
    } else {
      host.sleep(kLook, done);
    }
  }
}

}  // namespace

LockGuardWatch::LockGuardWatch(Connection& control, Connection& work, Host& host, Bounds bounds)
    : thread_([&control, &work, &host, bounds](const std::stop_token& done) {
        watch(done, control, work, host, bounds);
      }) {}

}  // namespace zdm::migrations
