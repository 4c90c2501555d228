#include "locks/lock_try.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "database/open.hpp"
#include "locks/lock_view.hpp"

namespace zdm::migrations {
namespace {

using namespace std::chrono_literals;
using planner::Blocker;
using planner::LockClaim;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// How much longer than the oldest ordinary holder we are ready to wait.
constexpr double kPatience = 1.3;
/// Below it a try starves behind transactions of 30 ms that always overlap (measured: 20 ms gets
/// through in half of the tries, 40 ms in all).
constexpr milliseconds kShortest = 50ms;
constexpr milliseconds kLook = 100ms;
constexpr milliseconds kFirstPause = 100ms;
constexpr milliseconds kLongestPause = 2s;
constexpr milliseconds kLongestPauseLater = 30s;
constexpr milliseconds kLater = 60s;
constexpr milliseconds kTell = 1s;
constexpr milliseconds kAskAgain = 10s;

milliseconds scaled(milliseconds duration, double factor) {
  return milliseconds(
      static_cast<milliseconds::rep>(static_cast<double>(duration.count()) * factor));
}

std::string seconds(std::int64_t ms) {
  return ms < 10'000 ? fmt::format("{:.1f} s", static_cast<double>(ms) / 1000)
                     : fmt::format("{} s", ms / 1000);
}

/// "pid 4711 (nightly-report, idle in transaction for 8.0 s)"
std::string describe(const Blocker& blocker) {
  if (blocker.pid == 0) {
    return fmt::format("the prepared transaction {} ({})", blocker.application,
                       seconds(blocker.age_ms));
  }
  const std::string name = blocker.application.empty() ? blocker.user : blocker.application;
  return fmt::format("pid {} ({}, {} for {})", blocker.pid, name.empty() ? "no name" : name,
                     blocker.state.empty() ? "at work" : blocker.state, seconds(blocker.age_ms));
}

std::string wanted(const std::vector<LockClaim>& claims) {
  if (claims.empty()) {
    return "the locks it needs";
  }
  const auto strongest = std::ranges::max_element(claims, {}, &LockClaim::mode);
  const std::string first =
      fmt::format("{} on {}", to_string(strongest->mode), strongest->relation);
  return claims.size() == 1 ? first : fmt::format("{} and {} more", first, claims.size() - 1);
}

class LockTry final {
 public:
  LockTry(Connection& control, Host& host, const LockPolicy& policy,
          const std::vector<LockClaim>& claims, const std::stop_token& stop,
          const std::function<void(const std::vector<Blocker>&)>& waiting)
      : control_(control),
        host_(host),
        policy_(policy),
        claims_(claims),
        stop_(stop),
        waiting_(waiting),
        ages_(host),
        start_(host.steady()) {}

  Result<void> run(const std::function<Result<void>(milliseconds)>& attempt) {
    while (true) {
      ZDM_CHECK(check_stop());
      ZDM_TRY(const std::vector<Holder> holders, holders_of(control_, claims_));
      const auto timeout = timeout_behind(holders);
      milliseconds pause = kLook;
      if (timeout) {
        auto done = attempt(*timeout);
        if (done || classify(done.error().sqlstate) != Trouble::lock) {
          return done;
        }
        last_ = std::move(done.error());
        pause = next_pause();
      } else {
        ask_to_give_way(holders);
      }
      if (elapsed() + pause >= policy_.budget) {
        return give_up();
      }
      ZDM_CHECK(rest(pause));
    }
  }

 private:
  [[nodiscard]] milliseconds elapsed() const {
    return std::chrono::duration_cast<milliseconds>(host_.steady() - start_);
  }

  /// The lock_timeout of a try now; nothing while somebody holds a lock for longer than ordinary.
  std::optional<milliseconds> timeout_behind(const std::vector<Holder>& holders) {
    if (claims_.empty()) {
      return policy_.timeout;
    }
    milliseconds oldest{0};
    for (const Holder& holder : holders) {
      if (is_long(holder)) {
        return std::nullopt;
      }
      oldest = std::max(oldest, ages_.age(holder));
    }
    return std::clamp(scaled(oldest, kPatience), std::min(kShortest, policy_.timeout),
                      policy_.timeout);
  }

  bool is_long(const Holder& holder) {
    return holder.pid == 0 || holder.wraparound ||
           scaled(ages_.age(holder), kPatience) > policy_.timeout;
  }

  /// Full jitter: anything from nothing to a limit that doubles.
  milliseconds next_pause() {
    const milliseconds longest = elapsed() < kLater ? kLongestPause : kLongestPauseLater;
    limit_ = std::min(limit_, longest);
    const milliseconds pause = scaled(limit_, host_.random());
    limit_ *= 2;
    return pause;
  }

  /// When nothing but autovacuum (or what may be it: others' statements may be hidden from this
  /// role) is in the way.
  void ask_to_give_way(const std::vector<Holder>& holders) {
    const Holder* first = nullptr;
    for (const Holder& holder : holders) {
      const bool gives_way = (holder.autovacuum || !holder.visible) && !holder.wraparound &&
                             holder.pid != 0 && holder.mode == "ShareUpdateExclusiveLock";
      if (is_long(holder) && !gives_way) {
        return;
      }
      first = is_long(holder) && first == nullptr ? &holder : first;
    }
    if (first == nullptr || (asked_ && host_.steady() - *asked_ < kAskAgain)) {
      return;
    }
    asked_ = host_.steady();
    ask_autovacuum_to_give_way(control_, first->relation);
  }

  Result<void> check_stop() const {
    if (stop_.stop_requested()) {
      return planner::fail(ErrorCode::interrupted, "stopped while waiting for a lock",
                           "nothing was changed; run the same command again");
    }
    return {};
  }

  /// Waits, tells about once a second who is in the way, leaves at once when a stop is asked for.
  Result<void> rest(milliseconds pause) {
    const auto end = host_.steady() + pause;
    do {
      if (!told_ || host_.steady() - *told_ >= kTell) {
        told_ = host_.steady();
        ZDM_TRY(const std::vector<Blocker> blockers, blockers_of(control_, claims_));
        waiting_(blockers);
      }
      ZDM_CHECK(check_stop());
      const auto left = end - host_.steady();
      host_.sleep(std::clamp<std::chrono::nanoseconds>(left, 0ns, kTell), stop_);
    } while (host_.steady() < end);
    return check_stop();
  }

  Result<void> give_up() {
    ZDM_TRY(std::vector<Blocker> blockers, blockers_of(control_, claims_));
    std::string who = "others kept it busy";
    if (!blockers.empty()) {
      who = fmt::format("{} is in the way", describe(blockers.front()));
    } else if (last_) {
      who = last_->message;
    }
    Error error{.code = ErrorCode::busy,
                .message = fmt::format("could not get {} within {}: {}", wanted(claims_),
                                       seconds(policy_.budget.count()), who),
                .hint =
                    "nothing was changed; wait for it or end it, then run the same command "
                    "again; --lock-budget lets zdm wait for longer"};
    if (last_) {
      error.sqlstate = last_->sqlstate;
      error.statement = last_->statement;
    }
    error.blockers = std::move(blockers);
    return planner::fail(std::move(error));
  }

  Connection& control_;
  Host& host_;
  const LockPolicy& policy_;
  const std::vector<LockClaim>& claims_;
  const std::stop_token& stop_;
  const std::function<void(const std::vector<Blocker>&)>& waiting_;
  HolderAges ages_;
  Clock::time_point start_;
  milliseconds limit_ = kFirstPause;
  std::optional<Clock::time_point> told_;
  std::optional<Clock::time_point> asked_;
  std::optional<Error> last_;
};

}  // namespace

Result<void> with_locks(Connection& control, Host& host, const LockPolicy& policy,
                        const std::vector<LockClaim>& claims, const std::stop_token& stop,
                        const std::function<Result<void>(milliseconds lock_timeout)>& attempt,
                        const std::function<void(const std::vector<Blocker>&)>& waiting) {
  return LockTry(control, host, policy, claims, stop, waiting).run(attempt);
}

}  // namespace zdm::migrations
