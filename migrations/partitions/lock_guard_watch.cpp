#include "partitions/lock_guard_watch.hpp"

#include <string>
#include <utility>

namespace zdm::migrations {
namespace {

using namespace std::chrono_literals;

constexpr auto kLook = 10ms;
/// A cancel that comes between two statements of the server ends neither: again, until it is over.
constexpr auto kCancelAgain = 100ms;
constexpr auto kTell = 1s;

constexpr std::string_view kWaits = R"(
    SELECT count(*) FROM pg_catalog.pg_locks
     WHERE pid = $1::integer AND NOT granted AND locktype = 'relation')";

bool waits(Connection& control, std::int64_t pid) {
  const auto rows = control.run(kWaits, {std::to_string(pid)});
  return rows && rows->first_integer() > 0;
}

}  // namespace

LockGuardWatch::LockGuardWatch(Connection& control, Connection& work, Host& host, Bounds bounds)
    : control_(control),
      work_(work),
      host_(host),
      bounds_(std::move(bounds)),
      thread_([this](const std::stop_token& done) { watch(done); }) {}

Result<Rows> LockGuardWatch::run(std::string_view sql, Time until, std::function<void()> slow) {
  {
    // Others have queued behind us since the look before the first one that saw it. Most statements
    // are over before the first look.
    const Time now = host_.steady();
    const std::scoped_lock lock(mutex_);
    running_ = {.until = until,
                .next_look = now + kLook,
                .clear = now,
                .told = now,
                .slow = std::move(slow)};
  }
  auto rows = work_.run(sql, {});
  const std::scoped_lock lock(mutex_);
  running_.reset();
  return rows;
}

void LockGuardWatch::watch(const std::stop_token& done) {
  while (!done.stop_requested()) {
    host_.sleep(kLook, done);
    const std::scoped_lock lock(mutex_);
    if (running_ && host_.steady() >= running_->next_look) look(*running_);
  }
}

void LockGuardWatch::look(Statement& statement) {
  const Time now = host_.steady();
  if (!waits(control_, work_.backend_pid())) statement.clear = now;
  if (now - statement.told >= kTell) {
    statement.told = now;
    statement.slow();
  }
  const bool too_long = now - statement.clear + 2 * kLook > bounds_.longest;
  if (!too_long && now < statement.until && !bounds_.stop.stop_requested()) return;
  work_.cancel();
  statement.next_look = now + kCancelAgain;
}

}  // namespace zdm::migrations
