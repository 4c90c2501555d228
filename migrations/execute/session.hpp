#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "execute/control_connection.hpp"
#include "execute/operations.hpp"
#include "ledger/lease.hpp"
#include "ledger/ledger.hpp"
#include "model/step.hpp"

namespace zdm::migrations {

/// The error says that the connection is gone: connect again (SQLSTATE 57P0x, 08xxx).
[[nodiscard]] bool is_lost(const Error& error);

/// Trouble that says nothing about the statement itself: a lost connection, a lock, a cancel.
[[nodiscard]] bool passes(const Error& error);

/// Adds what to do next where the server's SQLSTATE says it: no privilege, a read-only server, a
/// full disk. Leaves an error alone that has a hint.
[[nodiscard]] Error with_hint(Error error);

/// What one write inside Session::transact consists of.
struct Work {
  std::vector<planner::LockClaim> claims;
  /// The statements, between BEGIN and COMMIT of the connection given. Called again after a lock
  /// that was not had and after a lost connection, so it may keep nothing but what it sets anew.
  std::function<Result<void>(Connection&)> body;
  /// After a connection lost in the middle: whether the COMMIT went through. Empty: the body may be
  /// repeated without harm.
  std::function<Result<bool>(Connection&)> settled;
  /// Told who is in the way, about once a second.
  std::function<void(const std::vector<planner::Blocker>&)> waiting;
  bool keep = true;  ///< false: rolled back at the end; it only asked something
  /// How long to try for its locks, where that is not the lock budget.
  std::optional<std::chrono::milliseconds> budget = {};
};

/// The connections of one operation, with what must hold on them: the lease and its heartbeat, the
/// fence in each transaction, the settings of law 7. Reading operations open it and go no further
/// than work(); writing ones call take() first.
class Session final {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Session>> open(const Environment& environment);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  /// Creates or upgrades the ledger, takes the lease of `scope` for `verb`, keeps its heartbeat.
  /// Others' locks on the ledger (SQLite: any writer of the file) are waited for within the lock
  /// budget.
  /// `object`: the lease is for it alone.
  [[nodiscard]] Result<void> take(const std::string& verb,
                                  LeaseScope scope = LeaseScope::migrations,
                                  const std::string& object = {});
  /// Refuses a standby and a database set read-only, before anything is tried on it.
  [[nodiscard]] Result<void> require_writable();

  [[nodiscard]] const Environment& environment() const { return environment_; }
  [[nodiscard]] const Ledger& ledger() const { return ledger_; }
  [[nodiscard]] const Lease& lease() const { return lease_; }
  [[nodiscard]] Connection& work() { return *work_; }
  /// For the backfill, which replaces it when it is lost.
  [[nodiscard]] std::unique_ptr<Connection>& work_slot() { return work_; }
  [[nodiscard]] Connection& control() { return *control_; }

  /// Runs `work` in one fenced transaction under the lock discipline; retries locks and lost
  /// connections. Only ever once committed.
  [[nodiscard]] Result<void> transact(const Work& work);
  /// Runs `look` in one snapshot, rolled back at its end; repeated after a lost connection, and
  /// while something it reads is locked. ErrorCode::busy with who keeps it so.
  [[nodiscard]] Result<void> snapshot(const std::function<Result<void>(Connection&)>& look);

  /// The same for a look that gives a value back.
  template <class Look>
  [[nodiscard]] auto read(const Look& look) -> decltype(look(std::declval<Connection&>())) {
    using Answer = decltype(look(std::declval<Connection&>()));
    std::optional<Answer> answer;
    auto done = snapshot([&](Connection& connection) -> Result<void> {
      answer.emplace(look(connection));
      if (!*answer) return planner::fail(answer->error());
      return {};
    });
    if (!done) return planner::fail(std::move(done).error());
    return std::move(*answer);
  }

  /// The stored steps of a run.
  [[nodiscard]] Result<std::vector<StepRow>> steps(std::int64_t run);

  /// Opens the work connection again, for up to a minute, and tells the lease.
  [[nodiscard]] Result<void> reconnect();

  /// An error when a stop was asked for or the lease went to someone else; looked at between steps.
  [[nodiscard]] Result<void> may_go_on() const;
  /// The error of a statement that was cancelled because a stop was asked for is the stop's own;
  /// any other stays as it is.
  [[nodiscard]] Error or_stop(Error error) const;
  [[nodiscard]] bool stopping() const { return environment_.stop.stop_requested(); }
  [[nodiscard]] bool allowed(std::string_view hazard) const;

 private:
  explicit Session(const Environment& environment);
  [[nodiscard]] Result<void> try_take(const LeaseRequest& request);
  [[nodiscard]] Result<void> wait_for_ledger(const Error& locked,
                                             std::chrono::steady_clock::time_point until) const;
  [[nodiscard]] Result<void> attempt(const Work& work, std::chrono::milliseconds lock_timeout);
  [[nodiscard]] Result<void> look_once(const std::function<Result<void>(Connection&)>& look);
  [[nodiscard]] Result<void> locked_out(Error error);
  [[nodiscard]] Result<bool> settle(const Work& work);
  [[nodiscard]] Error stop_error() const;
  [[nodiscard]] Result<void> end_orphan(std::int64_t pid);
  void beat(const std::stop_token& stop);

  const Environment& environment_;
  Ledger ledger_;
  std::unique_ptr<Connection> work_;
  std::unique_ptr<ControlConnection> control_;
  Lease lease_;
  bool holding_ = false;
  std::atomic<bool> lease_lost_{false};
  std::jthread heartbeat_;
};

/// SET LOCAL of the lock_timeout, and behind a transaction pooler of all that SessionSettings would
/// have set (law 7).
[[nodiscard]] Result<void> set_local(Connection& connection, const std::string& search_path,
                                     std::chrono::milliseconds lock_timeout);

}  // namespace zdm::migrations
