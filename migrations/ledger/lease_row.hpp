#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "database/connection.hpp"
#include "ledger/lease.hpp"

/// The lease's row as it is read and written; lease.cpp decides.
namespace zdm::migrations {

/// What the row says, and what pg_stat_activity says about its backends.
struct LeaseRow {
  LeaseHolder who;
  bool held = false;  ///< false: there is no row, or nobody holds it
  std::int64_t fence = 0;
  std::string heartbeat;  ///< as the server writes it
  bool pooled = false;
  std::int64_t work_pid = 0;
  bool work_alive = false;
  bool control_alive = false;
  std::string work_state;  ///< pg_stat_activity.state; empty where it is gone or hidden
};

[[nodiscard]] Result<LeaseRow> read_lease(Connection& control, const std::string& target,
                                          const std::string& scope);

/// Takes the lease when its row is still the one that was `seen`; nothing when it is not.
[[nodiscard]] Result<std::optional<std::int64_t>> swap_lease(Connection& control, Connection& work,
                                                             const Host& host,
                                                             const LeaseRequest& request,
                                                             const LeaseRow& seen);

}  // namespace zdm::migrations
