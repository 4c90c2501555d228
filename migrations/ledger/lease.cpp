#include "ledger/lease.hpp"

#include <fmt/format.h>

#include "database/open.hpp"
#include "ledger/lease_row.hpp"
#include "ledger/schema.hpp"

namespace zdm::migrations {
namespace {

using std::chrono::milliseconds;

/// How long we wait for the backend of a dead holder to end after it was told to.
constexpr milliseconds kPatience{10'000};
constexpr milliseconds kPoll{100};
/// The backends of a process that was killed a moment ago end within this.
constexpr milliseconds kBackendsEnd{250};

enum class Verdict {
  free,     ///< nobody holds it, or its holder is dead: take it
  wait,     ///< its control connection is gone, not yet for long: it may be connecting again
  working,  ///< its holder is dead or paused, and its work backend still does something
  held,
};

bool is_idle(const LeaseRow& row) {
  return row.work_state == "idle";
}

Verdict judge_postgres(const LeaseRow& row, const LeaseRequest& request) {
  const bool lapsed = row.who.heartbeat_age_ms > request.lapse.count();
  if (row.pooled) {
    return lapsed ? Verdict::free : Verdict::held;
  }
  if (!row.work_alive && !row.control_alive) {
    return Verdict::free;
  }
  const bool silent = !row.control_alive && row.who.heartbeat_age_ms >= request.orphan.count();
  if (lapsed || silent) {
    return row.work_alive && !is_idle(row) ? Verdict::working : Verdict::free;
  }
  return row.control_alive ? Verdict::held : Verdict::wait;
}

Verdict judge(const LeaseRow& row, Engine engine, const Host& host, const LeaseRequest& request) {
  if (!row.held) {
    return Verdict::free;
  }
  if (engine == Engine::postgresql) {
    return judge_postgres(row, request);
  }
  const bool gone = row.who.host == host.hostname() && !host.process_alive(row.who.pid);
  const bool lapsed = row.who.heartbeat_age_ms > request.lapse.count();
  return gone || lapsed ? Verdict::free : Verdict::held;
}

tl::unexpected<Error> busy(const LeaseRow& row, std::string hint) {
  Error error{
      .code = ErrorCode::busy,
      .message = fmt::format(
          "another zdm is at work here: {} on {} (pid {}), heartbeat {:.1f} s ago", row.who.holder,
          row.who.host, row.who.pid, static_cast<double>(row.who.heartbeat_age_ms) / 1000),
      .hint = std::move(hint)};
  if (row.work_pid != 0) {
    error.blockers.push_back({.pid = row.work_pid,
                              .application = row.who.holder,
                              .user = {},
                              .state = row.work_state,
                              .age_ms = 0,
                              .query = {}});
  }
  return planner::fail(std::move(error));
}

/// Ends what the backend of a dead or silent holder does. A transaction that only sits there is not
/// ended by a cancel.
Result<void> stop_backend(Connection& control, const LeaseRow& row) {
  const bool sits = row.work_state.starts_with("idle in transaction");
  auto told = control.run(sits ? "SELECT pg_terminate_backend($1)" : "SELECT pg_cancel_backend($1)",
                          {std::to_string(row.work_pid)});
  if (!told && told.error().sqlstate == "42501") {
    return busy(row, fmt::format("its backend {} still works, and this role may not end it: wait "
                                 "for it, or let a member of its role end it",
                                 row.work_pid));
  }
  ZDM_CHECK(told);
  return {};
}

class Taking final {
 public:
  Taking(Connection& control, Connection& work, Host& host, const LeaseRequest& request)
      : control_(control), work_(work), host_(host), request_(request) {}

  Result<Lease> run() {
    begun_ = host_.steady();
    const auto end = begun_ + request_.orphan + kPatience;
    while (true) {
      ZDM_TRY(const LeaseRow row,
              read_lease(control_, request_.target, scope_text(request_.scope, request_.object)));
      ZDM_TRY(const auto fence, attempt(row));
      if (fence) {
        return Lease{.target = request_.target,
                     .scope = request_.scope,
                     .object = request_.object,
                     .fence = *fence};
      }
      if (host_.steady() > end || request_.stop.stop_requested()) {
        return busy(row, "a transaction of it is still at work: try again once it has ended");
      }
      host_.sleep(kPoll, request_.stop);
    }
  }

 private:
  /// Nothing: look again in a while.
  Result<std::optional<std::int64_t>> attempt(const LeaseRow& row) {
    const std::optional<std::int64_t> again;
    switch (judge(row, control_.engine(), host_, request_)) {
      case Verdict::free:
        return swap(row);
      case Verdict::wait:
        return again;
      case Verdict::working:
        ZDM_CHECK(stop_once(row));
        return again;
      case Verdict::held:
        if (host_.steady() - begun_ < kBackendsEnd && has_backends(row)) return again;
        break;
    }
    return busy(row,
                "wait for it to end; when its process is gone, or silent for long, the lease "
                "is taken from it without more ado");
  }

  [[nodiscard]] bool has_backends(const LeaseRow& row) const {
    return control_.engine() == Engine::postgresql && !row.pooled;
  }

  Result<std::optional<std::int64_t>> swap(const LeaseRow& row) {
    auto taken = swap_lease(control_, work_, host_, request_, row);
    const bool whole_file = control_.engine() == Engine::sqlite && !row.held;
    if (!taken && !whole_file && classify(taken.error().sqlstate) == Trouble::lock) {
      return std::optional<std::int64_t>{};  // a transaction that checked the fence still runs
    }
    return taken;
  }

  /// Again after a second: a cancel that comes between two statements ends neither.
  Result<void> stop_once(const LeaseRow& row) {
    if (told_ && host_.steady() - *told_ < std::chrono::seconds(1)) {
      return {};
    }
    told_ = host_.steady();
    return stop_backend(control_, row);
  }

  Connection& control_;
  Connection& work_;
  Host& host_;
  const LeaseRequest& request_;
  std::chrono::steady_clock::time_point begun_;
  std::optional<std::chrono::steady_clock::time_point> told_;
};

tl::unexpected<Error> lost() {
  return planner::fail(ErrorCode::busy, "another zdm took the lease while this one was away",
                       "run the same command again once the other has ended");
}

Text backend(const Connection& connection) {
  return connection.pooled() ? Text{} : Text{std::to_string(connection.backend_pid())};
}

std::string scope_of(const Lease& lease) {
  return scope_text(lease.scope, lease.object);
}

/// `set` changes our row; $1, $2 and $3 are its key and fence. Busy when it is no longer ours.
Result<void> change(Connection& control, const Lease& lease, std::string_view set,
                    std::vector<Text> more) {
  std::vector<Text> parameters = {lease.target, scope_of(lease), std::to_string(lease.fence)};
  parameters.insert(parameters.end(), more.begin(), more.end());
  ZDM_TRY(const Rows rows,
          control.run(fmt::format(R"(UPDATE {} SET heartbeat = {}{}
                                      WHERE target = $1 AND scope = $2 AND fence = $3
                                        AND holder IS NOT NULL)",
                                  table(control.engine(), "lease"), now_sql(control.engine()), set),
                      parameters));
  if (rows.affected != 1) {
    return lost();
  }
  return {};
}

// The server says whose backend it is: a control connection that was opened anew reports itself.
constexpr std::string_view kSetControl = R"(,
    control_pid = CASE WHEN pooled THEN NULL ELSE pg_backend_pid() END,
    control_start = (SELECT backend_start FROM pg_catalog.pg_stat_activity
                      WHERE pid = pg_backend_pid()))";
constexpr std::string_view kSetWork = R"(,
    work_pid = $4,
    work_start = (SELECT backend_start FROM pg_catalog.pg_stat_activity WHERE pid = $4))";

}  // namespace

std::string scope_text(LeaseScope scope, const std::string& object) {
  return object.empty() ? std::string(to_string(scope))
                        : fmt::format("{}:{}", to_string(scope), object);
}

std::string_view to_string(LeaseScope scope) {
  switch (scope) {
    case LeaseScope::migrations:
      return "migrations";
    case LeaseScope::partitions:
      return "partitions";
    case LeaseScope::matviews:
      return "matviews";
  }
  return "";
}

Result<Lease> take_lease(Connection& control, Connection& work, Host& host,
                         const LeaseRequest& request) {
  return Taking(control, work, host, request).run();
}

Result<void> heartbeat(Connection& control, const Lease& lease) {
  if (control.engine() == Engine::postgresql) {
    return change(control, lease, kSetControl, {});
  }
  auto beaten = change(control, lease, "", {});
  if (!beaten && classify(beaten.error().sqlstate) == Trouble::lock) {
    return {};
  }
  return beaten;
}

Result<void> lease_backends(Connection& control, Connection& work, const Lease& lease) {
  if (control.engine() == Engine::sqlite) {
    return heartbeat(control, lease);
  }
  return change(control, lease, fmt::format("{}{}", kSetControl, kSetWork), {backend(work)});
}

Result<void> check_fence(Connection& work, const Lease& lease) {
  // Outside of a transaction a row lock would be over with the statement, and cost a write.
  const bool held = work.engine() == Engine::postgresql && work.in_transaction();
  ZDM_TRY(const Rows rows,
          work.run(fmt::format("SELECT 1 FROM {} WHERE target = $1 AND scope = $2 AND fence = $3 "
                               "AND holder IS NOT NULL{}",
                               table(work.engine(), "lease"), held ? " FOR KEY SHARE" : ""),
                   {lease.target, scope_of(lease), std::to_string(lease.fence)}));
  if (rows.empty()) {
    return lost();
  }
  return {};
}

Result<void> release_lease(Connection& control, const Lease& lease) {
  ZDM_CHECK(control.run(fmt::format("UPDATE {} SET holder = NULL WHERE target = $1 AND scope = $2 "
                                    "AND fence = $3",
                                    table(control.engine(), "lease")),
                        {lease.target, scope_of(lease), std::to_string(lease.fence)}));
  return {};
}

}  // namespace zdm::migrations
