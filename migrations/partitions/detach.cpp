#include "partitions/detach.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "locks/claims.hpp"
#include "locks/lock_try.hpp"
#include "locks/lock_view.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

using namespace std::chrono_literals;
using planner::LockMode;
using planner::Partition;
using planner::quote;
using planner::RetireFacts;
using planner::Step;

/// An ordinary transaction is over before; one that idles, or that the first look saw, sooner.
constexpr auto kStays = 200ms;
constexpr auto kIdles = 50ms;
/// How long a look at an unused set holds good.
constexpr auto kFresh = 100ms;
/// So long a look at the lease holds good, which others take after many seconds at the soonest: a
/// process that was stopped meanwhile looks again.
constexpr auto kHeld = 500ms;
/// Between two looks: often at first, and never so seldom that an application which reads again and
/// again leaves no gap that is seen.
constexpr auto kShortest = 4ms;
constexpr auto kLongest = 25ms;
constexpr auto kTell = 1s;
/// What finishing may take where beginning has spent the budget.
constexpr auto kLeast = 500ms;

bool ended_early(const Error& error) {
  const Trouble trouble = classify(error.sqlstate);
  return is_lost(error) || trouble == Trouble::lock || trouble == Trouble::cancelled;
}

/// Tells those who stay from those who are just passing through: an application that is busy has
/// always some of the latter.
class Users final {
 public:
  explicit Users(const Host& host) : ages_(host) {}

  /// Somebody stays, or has been here since the first look.
  Result<bool> stay(Connection& control, const std::vector<planner::LockClaim>& claims) {
    ZDM_TRY(const auto holders, holders_of(control, claims));
    std::set<std::string> there;
    bool stays = false;
    for (const Holder& each : holders) {
      if (!first_ || first_->contains(each.transaction)) there.insert(each.transaction);
      const auto age = ages_.age(each);
      stays = stays || each.pid == 0 || age > (each.idle ? kIdles : kStays);
    }
    first_ = std::move(there);
    return stays || !first_->empty();
  }

 private:
  HolderAges ages_;
  std::optional<std::set<std::string>> first_;  ///< of the first look, who is still here
};

std::string named(const planner::Blocker& blocker) {
  if (blocker.pid == 0) return fmt::format("the prepared transaction {}", blocker.application);
  return fmt::format("pid {} ({}, open for {} s)", blocker.pid,
                     blocker.application.empty() ? blocker.user : blocker.application,
                     blocker.age_ms / 1000);
}

}  // namespace

ConcurrentDetach::~ConcurrentDetach() {
  watch_.reset();
  Connection& work = session_.work();
  if (!patient_ || !work.usable()) return;
  // A cancel of ours that was late may meet the first of them.
  if (!patient_->end(work)) static_cast<void>(patient_->end(work));
  if (!work.pooled()) static_cast<void>(work.run("RESET synchronous_commit"));
}

Result<ConcurrentDetach::State> ConcurrentDetach::state(Connection& work,
                                                        const Partition& gone) const {
  ZDM_TRY(const Rows rows, work.run(R"(
      SELECT inhdetachpending FROM pg_catalog.pg_inherits
       WHERE inhparent = $1::oid AND inhrelid = $2::oid)",
                                    {std::to_string(set_.oid), std::to_string(gone.oid)}));
  if (rows.empty()) return State::detached;
  return rows.first_true() ? State::pending : State::attached;
}

Result<ConcurrentDetach::State> ConcurrentDetach::look(const Partition& gone) {
  return session_.read([&](Connection& work) { return state(work, gone); });
}

/// Through a transaction pooler there is no session to set anything on. What is lost with a power
/// cut is done again: the drop behind it is written to disk after it.
Result<void> ConcurrentDetach::set_up() {
  if (patient_) return {};
  Connection& work = session_.work();
  if (!work.pooled()) {
    ZDM_TRY(patient_, PatientSession::begin(work));
    ZDM_CHECK(work.run("SET synchronous_commit = off"));
    return {};
  }
  ZDM_TRY(const Rows rows, work.run(R"(
      SELECT current_setting('lock_timeout') = '0' AND current_setting('statement_timeout') = '0')"));
  if (rows.first_true()) return {};
  return planner::fail(ErrorCode::refused,
                       "a transaction pooler stands between, and its role has a lock_timeout or "
                       "statement_timeout, which would leave a partition half detached",
                       "connect to the server itself, or set both to 0 for this role");
}

void ConcurrentDetach::look_ahead(const std::vector<Step>& next) {
  planner::Claims claims;
  for (const Step& step : next) claims.merge(waited_for(step));
  batch_ = claims.list();
}

Result<bool> ConcurrentDetach::all_clear() {
  const auto now = session_.environment().host.steady();
  if (clear_until_ && now < *clear_until_) return true;
  clear_until_.reset();
  if (batch_.empty()) return false;
  ZDM_TRY(const auto holders, holders_of(session_.control(), batch_));
  if (holders.empty()) clear_until_ = now + kFresh;
  return holders.empty();
}

/// What DETACH CONCURRENTLY waits for beside its own locks: whoever uses the set at all.
std::vector<planner::LockClaim> ConcurrentDetach::waited_for(const Step& step) const {
  std::vector<planner::LockClaim> claims = step.locks;
  claims.push_back({quote(set_.name), LockMode::access_exclusive});
  return claims;
}

Result<void> ConcurrentDetach::wait_for_users(const Step& step, Time until) {
  const auto claims = waited_for(step);
  Host& host = session_.environment().host;
  Users users(host);
  const Time begun = host.steady();
  Time told = begun;
  for (;;) {
    ZDM_CHECK(session_.may_go_on());
    ZDM_TRY(const bool stay, users.stay(session_.control(), claims));
    if (!stay) return {};
    const Time now = host.steady();
    if (now >= until) return not_begun(claims);
    if (now - told >= kTell || (told == begun && now - begun > kStays)) {
      told = now;
      ZDM_TRY(const auto blockers, blockers_of(session_.control(), claims));
      waiting_(blockers);
    }
    const std::chrono::nanoseconds pause = (now - begun) / 20;
    host.sleep(std::clamp<std::chrono::nanoseconds>(pause, kShortest, kLongest),
               session_.environment().stop);
  }
}

tl::unexpected<Error> ConcurrentDetach::not_begun(const std::vector<planner::LockClaim>& claims) {
  auto blockers = blockers_of(session_.control(), claims);
  if (!blockers) return planner::fail(blockers.error());
  Error error{.code = ErrorCode::busy,
              .message = fmt::format("the detach was not begun: {} uses {}",
                                     blockers->empty() ? "another" : named(blockers->front()),
                                     quote(set_.name)),
              .hint = "let it end, then run rotate again; --lock-budget lets zdm wait for longer"};
  error.blockers = std::move(*blockers);
  return planner::fail(std::move(error));
}

/// Who lost the lease begins nothing.
Result<void> ConcurrentDetach::check_lease() {
  const Time now = session_.environment().host.steady();
  if (held_until_ && now < *held_until_) return {};
  ZDM_CHECK(check_fence(session_.work(), session_.lease()));
  held_until_ = now + kHeld;
  return {};
}

Result<bool> ConcurrentDetach::try_once(const Step& step, Time until) {
  const Environment& environment = session_.environment();
  ZDM_CHECK(set_up());
  ZDM_TRY(const bool clear, all_clear());
  if (!clear) ZDM_CHECK(wait_for_users(step, until));
  ZDM_CHECK(session_.may_go_on());
  Result<void> done = check_lease();
  if (done) {
    if (!watch_) {
      watch_.emplace(session_.control(), session_.work(), environment.host,
                     LockGuardWatch::Bounds{environment.locks.timeout, environment.stop});
    }
    const auto tell = [this, claims = waited_for(step)] {
      if (const auto blockers = blockers_of(session_.control(), claims)) waiting_(*blockers);
    };
    if (auto ran = watch_->run(step.sql.front(), until, tell); !ran) {
      done = planner::fail(ran.error());
    }
  }
  if (done) return true;
  clear_until_.reset();
  held_until_.reset();
  if (!ended_early(done.error())) return planner::fail(done.error());
  if (is_lost(done.error())) {
    watch_.reset();
    patient_.reset();
    ZDM_CHECK(session_.reconnect());
  }
  return false;
}

Result<void> ConcurrentDetach::detach(const Partition& gone, const RetireFacts& facts) {
  const Step step = detach_step(set_, gone, facts);
  Host& host = session_.environment().host;
  const auto until = host.steady() + session_.environment().locks.budget;
  for (std::chrono::milliseconds pause = 100ms;; pause = std::min(pause * 2, {2000ms})) {
    ZDM_TRY(const bool done, try_once(step, until));
    if (done) return {};
    ZDM_TRY(const State now, look(gone));
    if (now == State::detached) return {};
    if (now == State::pending) return finalize(gone, facts, until);
    ZDM_CHECK(session_.may_go_on());
    if (host.steady() >= until) {
      return planner::fail(
          ErrorCode::busy,
          fmt::format("{} could not be detached: others kept what it locks busy", quote(gone.name)),
          "run rotate again later");
    }
    const std::chrono::duration<double> jittered = pause * (0.5 + host.random() / 2);
    host.sleep(std::chrono::duration_cast<std::chrono::nanoseconds>(jittered),
               session_.environment().stop);
  }
}

Result<void> ConcurrentDetach::finalize(const Partition& pending, const RetireFacts& facts) {
  const Environment& environment = session_.environment();
  return finalize(pending, facts, environment.host.steady() + environment.locks.budget);
}

Result<void> ConcurrentDetach::finalize(const Partition& pending, const RetireFacts& facts,
                                        Time until) {
  const Step step = finalize_step(set_, pending, facts);
  const auto settled = [&](Connection& work) -> Result<bool> {
    ZDM_TRY(const State now, state(work, pending));
    return now == State::detached;
  };
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      until - session_.environment().host.steady());
  auto done = session_.transact({.claims = step.locks,
                                 .body = [&](Connection& work) -> Result<void> {
                                   ZDM_CHECK(work.run(step.sql.front()));
                                   return {};
                                 },
                                 .settled = settled,
                                 .waiting = waiting_,
                                 .budget = std::max<std::chrono::milliseconds>(left, kLeast)});
  if (done) return done;
  Error error = std::move(done).error();
  error.message = fmt::format("{} is half detached, its rows are out of sight: {}",
                              quote(pending.name), error.message);
  error.hint =
      "run rotate again: it finishes this, once the transactions that read the set when the detach "
      "began, or as it did, have ended";
  return planner::fail(std::move(error));
}

}  // namespace zdm::migrations
