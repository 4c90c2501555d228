#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "backfill/governor.hpp"
#include "database/open.hpp"
#include "host/host.hpp"
#include "ledger/lease.hpp"
#include "model/catalog.hpp"
#include "model/step.hpp"
#include "sync/compose.hpp"

namespace zdm::migrations {

struct BackfillProgress {
  std::int64_t rows_done = 0;
  std::int64_t rows_total = 0;  ///< estimate
  double fraction = 0;          ///< of the table's blocks or keys
  double rows_per_second = 0;
  std::string throttled;
};

/// How the table is walked. Nothing: what the server and the table call for.
enum class Walk { stripes, tid_lists };
struct BackfillTuning {
  std::optional<Walk> walk;       ///< tid_lists: before PostgreSQL 14, which has no TID range scan
  std::optional<int> stripes;     ///< 14; 1 where no update can be HOT
  std::int64_t window = 4096;     ///< blocks
  std::int64_t first_batch = 64;  ///< blocks; SQLite: rows
};

struct BackfillRequest {
  std::int64_t run = 0;
  int ordinal = 0;  ///< of the step: windows are keyed by (run, ordinal)
  planner::BackfillAction action;
  std::int64_t generation = 0;  ///< of the table's rules: the token the trigger honours
  Lease lease;
  std::chrono::milliseconds batch_target{10};
  int duty_percent = 100;
  /// The table's trigger pair is installed, and each batch checks that it still is. False only with
  /// dual_write = "app", and where a default alone fills the existing rows.
  bool guarded = true;
  /// Signals from outside, asked before each batch: replica lag, health, a query of the user's.
  std::function<std::vector<Brake>()> brakes = {};
  BackfillTuning tuning = {};
};

/// Fills one table (law 4): windows of blocks in stripes on PostgreSQL 14+, each block once before,
/// rowid batches with gaps on SQLite. Returns the rows written. Carries on where the ledger's
/// windows say an earlier run stopped. `work` is replaced through `open_work` after a lost
/// connection; the lease's backends are then written anew through `control`. A stop asked for ends
/// it between two batches with the code that `stop_reason` gives. A row that `up` cannot convert:
/// ErrorCode::failed with its key or ctid and the server's error.
[[nodiscard]] Result<std::int64_t> backfill(
    std::unique_ptr<Connection>& work, const Opener& open_work, Connection& control, Host& host,
    const BackfillRequest& request, const std::stop_token& stop,
    const std::function<ErrorCode()>& stop_reason,
    const std::function<void(const BackfillProgress&)>& progress);

struct DivergentRow {
  std::string key;  ///< the primary key as JSON, else the ctid or rowid
  std::string old_value, expected, found;
};
struct Verification {
  std::int64_t rows = 0;
  std::int64_t differing = 0;
  std::vector<DivergentRow> samples;
};

/// Compares both shapes row by row (law 4), in one read-only scan per leaf. A row on which an
/// expression fails differs: its sample shows the server's words as what was expected.
[[nodiscard]] Result<Verification> verify_table(Connection& connection,
                                                const planner::TableName& table,
                                                const std::vector<planner::Fill>& fills,
                                                planner::Shapes after, std::size_t most_samples);

}  // namespace zdm::migrations
