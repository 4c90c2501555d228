#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>

#include "database/connection.hpp"
#include "host/host.hpp"

namespace zdm::migrations {

/// Who holds the lease of a target, as its row says.
struct LeaseHolder {
  std::string holder;  ///< "zdm 0.1.0 apply by deploy"
  std::string host;
  std::int64_t pid = 0;
  std::int64_t heartbeat_age_ms = 0;
};

/// What a lease is the right to do. They exclude one another only within a scope: cron's rotation
/// waits neither for a backfill of hours nor for the refresh of a view.
enum class LeaseScope { migrations, partitions, matviews };
[[nodiscard]] std::string_view to_string(LeaseScope scope);
/// As the ledger writes it: "matviews", or "matviews:public.totals" of one object alone.
[[nodiscard]] std::string scope_text(LeaseScope scope, const std::string& object);

/// The right to change one target within a scope (law 7): a row, not an advisory lock. Its fence
/// grows with every taking; each batch and each step's transaction checks it, so a paused holder
/// that wakes writes nothing.
struct Lease {
  std::string target;
  LeaseScope scope = LeaseScope::migrations;
  std::string object;  ///< that it is for; empty: all of the scope
  std::int64_t fence = 0;
};

struct LeaseRequest {
  std::string target;
  LeaseScope scope = LeaseScope::migrations;
  std::string object;  ///< one view, so that two refreshes of different views pass each other by
  std::string holder;
  /// After so long without a heartbeat the holder is taken for dead although its backends, or its
  /// process, may be there: paused, behind a pooler, on another host (SQLite). Longer than a few
  /// heartbeats.
  std::chrono::milliseconds lapse{std::chrono::seconds(30)};
  /// How long the control connection may be gone while the work connection still works, before the
  /// latter is cancelled: the holder may be connecting again. Longer than a heartbeat.
  std::chrono::milliseconds orphan{std::chrono::seconds(10)};
  /// Ends the waiting for an orphaned backend early, as if the wait were over.
  std::stop_token stop;
};

/// Takes the lease, at once when its holder's backends are gone (SQLite: its process on this host),
/// after `lapse` when they are not; else ErrorCode::busy naming the holder. While an orphaned
/// backend of a dead holder still works, cancels it and waits up to 10 s for it to end. A
/// transaction of the holder that has checked the fence ends before the lease is taken. A lease
/// that nobody holds and that cannot be written (a locked SQLite file) is the database's own error.
[[nodiscard]] Result<Lease> take_lease(Connection& control, Connection& work, Host& host,
                                       const LeaseRequest& request);
/// Renews, and writes the control connection's backend anew. ErrorCode::busy without an sqlstate
/// when another took it. SQLite: a file that is locked now is no error, since then nobody can take
/// it.
[[nodiscard]] Result<void> heartbeat(Connection& control, const Lease& lease);
/// Writes both backends anew after a reconnect.
[[nodiscard]] Result<void> lease_backends(Connection& control, Connection& work,
                                          const Lease& lease);
/// Inside a transaction of the work connection: keeps the lease from being taken until it ends (row
/// lock FOR KEY SHARE, which heartbeats pass by); busy when the fence moved on.
[[nodiscard]] Result<void> check_fence(Connection& work, const Lease& lease);
/// Gives it back; nothing happens when another has it.
[[nodiscard]] Result<void> release_lease(Connection& control, const Lease& lease);

}  // namespace zdm::migrations
