#include "execute/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <utility>

#include "ledger/privileges.hpp"
#include "locks/lock_try.hpp"
#include "locks/lock_view.hpp"

namespace zdm::migrations {
namespace {

using namespace std::chrono_literals;

constexpr auto kHeartbeat = 5s;
constexpr auto kReconnectFor = 60s;
constexpr auto kFirstWait = std::chrono::milliseconds(100);
constexpr auto kLongestWait = std::chrono::milliseconds(5000);
/// What only looks, without the lease, waits so long for what it reads to be let go.
constexpr auto kLookFor = std::chrono::milliseconds(5000);
constexpr auto kLookAgain = std::chrono::milliseconds(100);
/// A statement that takes its backend down each time is no network trouble.
constexpr int kMostLosses = 5;

}  // namespace

bool is_lost(const Error& error) {
  return error.code == ErrorCode::cannot_connect || error.in_doubt ||
         classify(error.sqlstate) == Trouble::lost;
}

bool passes(const Error& error) {
  const Trouble trouble = classify(error.sqlstate);
  return is_lost(error) || trouble == Trouble::lock || trouble == Trouble::cancelled;
}

Error with_hint(Error error) {
  if (!error.hint.empty()) return error;
  switch (classify(error.sqlstate)) {
    case Trouble::privilege:
      error.hint = "connect as the owner of the object, or grant what is missing";
      break;
    case Trouble::read_only:
      error.hint = "connect to the primary: this server or session takes no writes";
      break;
    case Trouble::full:
      error.hint = "make room on the server, then run the same command again";
      break;
    case Trouble::none:
    case Trouble::lock:
    case Trouble::cancelled:
    case Trouble::lost:
      break;
  }
  return error;
}

Session::Session(const Environment& environment)
    : environment_(environment), ledger_(environment.target, ZDM_VERSION) {}

Result<std::unique_ptr<Session>> Session::open(const Environment& environment) {
  std::unique_ptr<Session> session(new Session(environment));
  ZDM_TRY(session->work_, environment.open_work());
  return session;
}

Session::~Session() {
  if (heartbeat_.joinable()) {
    heartbeat_.request_stop();
    heartbeat_.join();
  }
  // A lease that cannot be given back lapses by itself: its backends are gone.
  if (holding_ && !lease_lost_) static_cast<void>(release_lease(*control_, lease_));
}

Result<void> Session::require_writable() {
  if (work_->engine() == Engine::sqlite) return {};
  ZDM_TRY(const Rows rows, work_->run(R"(
      SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only') = 'on')"));
  if (rows.first_true()) {
    return planner::fail(ErrorCode::refused,
                         "this server is a standby: it replays another server's changes",
                         "connect to the primary");
  }
  if (rows.first(1) == "t" || rows.first(1) == "true") {
    return planner::fail(ErrorCode::refused, "default_transaction_read_only is on for this session",
                         "connect as a role, or to a database, that may write");
  }
  return {};
}

Result<void> Session::try_take(const LeaseRequest& request) {
  ZDM_CHECK(require_writable());
  ZDM_CHECK(ledger_.ensure(*work_));
  auto lease = take_lease(*control_, *work_, environment_.host, request);
  if (!lease) return planner::fail(with_ledger_grants(*work_, std::move(lease).error()));
  lease_ = std::move(*lease);
  return {};
}

Result<void> Session::take(const std::string& verb, LeaseScope scope, const std::string& object) {
  const LeaseRequest request{
      .target = environment_.target,
      .scope = scope,
      .object = object,
      .holder = fmt::format("zdm {} {} by {}", ZDM_VERSION, verb, environment_.host.user()),
      .stop = environment_.stop};
  ZDM_TRY(control_, ControlConnection::open(environment_.open_control));
  const auto until = environment_.host.steady() + environment_.locks.budget;
  int losses = 0;
  for (auto taken = try_take(request); !taken; taken = try_take(request)) {
    const Error& error = taken.error();
    if (classify(error.sqlstate) == Trouble::lock) {
      ZDM_CHECK(wait_for_ledger(error, until));
    } else {
      if (!is_lost(error) || ++losses > kMostLosses) return taken;
      ZDM_CHECK(reconnect());
    }
  }
  holding_ = true;
  heartbeat_ = std::jthread([this](const std::stop_token& stop) { beat(stop); });
  return {};
}

Result<void> Session::wait_for_ledger(const Error& locked,
                                      std::chrono::steady_clock::time_point until) const {
  if (stopping()) return planner::fail(stop_error());
  if (environment_.host.steady() < until) {
    environment_.host.sleep(kFirstWait, environment_.stop);
    return {};
  }
  Error error = locked;
  error.code = ErrorCode::busy;
  error.message = "others keep the ledger locked: " + locked.message;
  error.hint =
      "nothing was changed; let their transaction end, then run the same command again; "
      "--lock-budget lets zdm wait for longer";
  return planner::fail(std::move(error));
}

void Session::beat(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  while (!wake.wait_for(lock, stop, kHeartbeat, [] { return false; }) && !stop.stop_requested()) {
    const auto beaten = heartbeat(*control_, lease_);
    // A lock or a lost connection is trouble of this beat; only another's fence is the end.
    if (!beaten && beaten.error().code == ErrorCode::busy && beaten.error().sqlstate.empty()) {
      lease_lost_ = true;
      return;
    }
  }
}

Error Session::stop_error() const {
  const ErrorCode code =
      environment_.stop_reason ? environment_.stop_reason() : ErrorCode::interrupted;
  return {.code = code,
          .message = code == ErrorCode::busy ? "stopped at a safe point: --timeout is spent"
                                             : "stopped at a safe point",
          .hint = "run the same command again: it carries on where this one stopped"};
}

Error Session::or_stop(Error error) const {
  const bool ended =
      error.code == ErrorCode::interrupted || classify(error.sqlstate) == Trouble::cancelled;
  return stopping() && ended ? stop_error() : std::move(error);
}

Result<void> Session::may_go_on() const {
  if (stopping()) return planner::fail(stop_error());
  if (lease_lost_) {
    return planner::fail(ErrorCode::busy, "another zdm took the lease while this one was away",
                         "see who holds it with zdm status, then run the same command again");
  }
  return {};
}

bool Session::allowed(std::string_view hazard) const {
  return std::ranges::find(environment_.allowed, hazard) != environment_.allowed.end();
}

/// The backend of a lost connection may still be at work, even at our COMMIT: what the ledger says
/// counts only once it is gone.
Result<void> Session::end_orphan(std::int64_t pid) {
  if (pid == 0 || work_->engine() == Engine::sqlite || work_->pooled()) return {};
  const auto until = environment_.host.steady() + kReconnectFor;
  for (;;) {
    ZDM_TRY(const Rows rows, work_->run(R"(
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE pid = $1::integer AND pid <> pg_backend_pid() AND usename = session_user
           AND application_name LIKE 'zdm/%')",
                                        {std::to_string(pid)}));
    if (rows.empty()) return {};
    if (environment_.host.steady() >= until) {
      return planner::fail(ErrorCode::busy,
                           fmt::format("the backend {} of a lost connection does not end", pid),
                           "end it with pg_terminate_backend, then run the same command again");
    }
    environment_.host.sleep(kFirstWait, environment_.stop);
  }
}

Result<void> Session::reconnect() {
  const std::int64_t orphan = work_->backend_pid();
  const auto until = environment_.host.steady() + kReconnectFor;
  for (auto wait = kFirstWait;; wait = std::min(wait * 2, kLongestWait)) {
    auto opened = environment_.open_work();
    Result<void> told;
    if (opened) {
      work_ = std::move(*opened);
      if (!holding_) return {};
      told = end_orphan(orphan);
      if (told) told = lease_backends(*control_, *work_, lease_);
      if (told) return {};
    }
    const Error& error = opened ? told.error() : opened.error();
    if (!is_lost(error) || environment_.host.steady() >= until) return planner::fail(error);
    if (stopping()) return planner::fail(stop_error());
    const auto jittered = wait * (0.5 + environment_.host.random() / 2);
    environment_.host.sleep(std::chrono::duration_cast<std::chrono::nanoseconds>(jittered),
                            environment_.stop);
  }
}

Result<void> Session::attempt(const Work& work, std::chrono::milliseconds lock_timeout) {
  ZDM_TRY(auto transaction, Transaction::begin(*work_));
  ZDM_CHECK(set_local(*work_, environment_.search_path, lock_timeout));
  ZDM_CHECK(check_fence(*work_, lease_));
  ZDM_CHECK(work.body(*work_));
  return work.keep ? transaction.commit() : transaction.rollback();
}

Result<bool> Session::settle(const Work& work) {
  for (int losses = 0;; ++losses) {
    ZDM_CHECK(reconnect());
    if (!work.settled) return false;
    auto settled = work.settled(*work_);
    if (settled || !is_lost(settled.error()) || losses == kMostLosses) return settled;
  }
}

Result<void> Session::transact(const Work& work) {
  const LockPolicy policy{.timeout = environment_.locks.timeout,
                          .budget = work.budget.value_or(environment_.locks.budget)};
  const auto waiting = work.waiting ? work.waiting : [](const std::vector<planner::Blocker>&) {};
  for (int losses = 0;; ++losses) {
    auto result = with_locks(
        *control_, environment_.host, policy, work.claims, environment_.stop,
        [&](std::chrono::milliseconds lock_timeout) { return attempt(work, lock_timeout); },
        waiting);
    if (result) return result;
    result = planner::fail(or_stop(std::move(result).error()));
    if (!is_lost(result.error()) || losses == kMostLosses) return result;
    ZDM_TRY(const bool committed, settle(work));
    if (committed) return {};
  }
}

/// The catalog's own functions wait for whoever keeps a table from being read, but nobody queues
/// behind them: so we look again, for as long as the budget lasts where this zdm is at work.
Result<void> Session::snapshot(const std::function<Result<void>(Connection&)>& look) {
  const auto& locks = environment_.locks;
  const auto patience = holding_ ? locks.budget : std::min(locks.budget, kLookFor);
  const auto until = environment_.host.steady() + patience;
  for (;;) {
    auto done = look_once(look);
    const bool locked = !done && work_->engine() == Engine::postgresql &&
                        classify(done.error().sqlstate) == Trouble::lock;
    if (!done && !locked) return planner::fail(with_ledger_grants(*work_, std::move(done).error()));
    if (done) return done;
    if (stopping()) return planner::fail(stop_error());
    if (environment_.host.steady() >= until) return locked_out(std::move(done).error());
    environment_.host.sleep(kLookAgain, environment_.stop);
  }
}

Result<void> Session::locked_out(Error error) {
  ZDM_TRY(const auto unreadable, unreadable_relations(*work_));
  if (unreadable.empty()) return planner::fail(std::move(error));
  ZDM_TRY(error.blockers, blockers_of(*work_, unreadable));
  error.code = ErrorCode::busy;
  error.message =
      fmt::format("{} cannot be read: another transaction keeps an ACCESS EXCLUSIVE lock",
                  unreadable.front().relation);
  error.hint = "nothing was changed; wait for it or end it, then run the same command again";
  return planner::fail(std::move(error));
}

Result<void> Session::look_once(const std::function<Result<void>(Connection&)>& look) {
  const bool sqlite = work_->engine() == Engine::sqlite;
  for (int losses = 0;; ++losses) {
    Result<void> result;
    {
      auto begun = work_->run(sqlite ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      if (begun) {
        result = set_local(*work_, environment_.search_path, environment_.locks.timeout);
        if (result) result = look(*work_);
      } else {
        result = planner::fail(begun.error());
      }
    }
    if (work_->usable() && work_->in_transaction()) {
      // It only read: lost here, the answer stands, and the next one needs another connection.
      const auto ended = work_->run("ROLLBACK");
      if (!ended && result) ZDM_CHECK(reconnect());
    }
    if (result || !is_lost(result.error()) || losses == kMostLosses) return result;
    ZDM_CHECK(reconnect());
  }
}

Result<std::vector<StepRow>> Session::steps(std::int64_t run) {
  return read([&](Connection& connection) { return ledger_.steps(connection, run); });
}

Result<void> set_local(Connection& connection, const std::string& search_path,
                       std::chrono::milliseconds lock_timeout) {
  if (connection.engine() == Engine::sqlite) return {};
  ZDM_CHECK(connection.run("SELECT set_config('lock_timeout', $1, true)",
                           {fmt::format("{}ms", lock_timeout.count())}));
  if (!connection.pooled()) return {};
  ZDM_CHECK(connection.run(R"(
      SELECT set_config('row_security', 'off', true),
             set_config('statement_timeout', '0', true),
             set_config('idle_in_transaction_session_timeout', '60s', true),
             set_config('standard_conforming_strings', 'on', true),
             set_config('DateStyle', 'ISO', true))"));
  if (search_path.empty()) return {};
  ZDM_CHECK(connection.run("SELECT set_config('search_path', $1, true)", {search_path}));
  return {};
}

}  // namespace zdm::migrations
