#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "database/open.hpp"
#include "host/host.hpp"
#include "model/migration.hpp"
#include "recipes/plan.hpp"

/// What the commands call: values in, reports out. The reports are drawn by cli/views.
namespace zdm::migrations {

using planner::MigrationId;
using planner::Phase;

/// Settings that bound what we do to others.
struct LockSettings {
  std::chrono::milliseconds timeout{500};
  std::chrono::milliseconds budget{std::chrono::minutes(10)};
};
struct BackfillSettings {
  std::chrono::milliseconds batch_target{10};
  int duty_percent = 100;
};

/// Everything an operation needs, set up once by the command line.
struct Environment {
  Host& host;
  DatabaseUrl url;
  Opener open_work;         ///< connections that change the schema
  Opener open_control;      ///< heartbeat, cancel, blockers, progress
  std::string target;       ///< tenant; empty
  std::string search_path;  ///< [migrations] search_path; empty: the role's own
  LockSettings locks;
  BackfillSettings backfill;
  std::vector<std::string> allowed;  ///< --allow HAZARD
  std::stop_token stop;  ///< first Ctrl-C, or --timeout: finish the batch, record, leave
  std::function<ErrorCode()> stop_reason;  ///< interrupted, terminated or busy (--timeout)
  bool assume_live = false;                ///< [release] live = "assumed"
};

/// What is said while working. The command line draws it; tests count it.
struct ProgressEvent {
  MigrationId migration;  ///< or whatever else the work is on, where there is no step
  Phase phase = Phase::expand;
  std::string step;
  std::string text;            ///< "waiting for a lock on users", the step's note
  std::int64_t rows_done = 0;  ///< backfill only
  std::int64_t rows_total = 0;
  double rows_per_second = 0;
  std::optional<std::int64_t> eta_s;
  std::string throttled;  ///< reason, or empty
  std::vector<planner::Blocker> blockers;
  bool is_backfill = false;
};
using ProgressSink = std::function<void(const ProgressEvent&)>;

struct StepReport {
  std::string id;
  std::string state;  ///< done, skipped, failed, paused, refused, pending
  int attempts = 0;
  std::int64_t duration_ms = 0;
  std::int64_t rows = 0;
};

/// One migration's phase in zdm.apply/1 and zdm.rollback/1.
struct MigrationReport {
  MigrationId id;
  std::string target;
  std::optional<Phase> phase;
  std::string state;  ///< done, skipped, failed, paused, refused
  std::string reason;
  std::optional<Error> error;
  std::vector<StepReport> steps;
  std::vector<std::string> sql;   ///< --dry-run: exactly what would run, in order
  std::vector<std::string> kept;  ///< rollback: what stays (repaired rows, enum values)
};

struct ApplyOptions {
  std::optional<Phase> phase;  ///< nothing: all
  std::vector<MigrationId> only;
  std::string release;  ///< empty: recorded as null, and contract is refused
  bool dry_run = false;
  bool fresh = false;
  std::optional<MigrationId> resume;  ///< take a held migration up again
  bool yes = false;                   ///< contract was confirmed
};

struct ApplyReport {
  std::string release;
  std::vector<MigrationReport> migrations;
  bool dry_run = false;
};

/// Applies phases to every migration that may (DESIGN: release rules at apply time). The first
/// failure stops the run; what was done is in `report` in any case, whose `error` decides the exit.
struct Outcome {
  std::optional<Error> error;
};
struct ApplyOutcome : Outcome {
  ApplyReport report;
};
[[nodiscard]] ApplyOutcome apply(const Environment& environment,
                                 const std::vector<planner::Migration>& migrations,
                                 const std::vector<std::string>& cut_releases,
                                 const ApplyOptions& options, const ProgressSink& progress);

struct RollbackOptions {
  std::optional<MigrationId> migration;  ///< nothing: the one applied last
  std::optional<Phase> to;               ///< the phase that stays
  bool to_none = false;                  ///< undo everything
  bool dry_run = false;
};
[[nodiscard]] ApplyOutcome rollback(const Environment& environment,
                                    const std::vector<planner::Migration>& migrations,
                                    const std::vector<std::string>& cut_releases,
                                    const RollbackOptions& options, const ProgressSink& progress);

/// Plans against the database. Without a database: plan_offline.
struct PlanOptions {
  std::vector<MigrationId> only;
  std::optional<Phase> phase;
};
struct PlanReport {
  Engine engine = Engine::postgresql;
  bool assumed = false;
  std::vector<planner::MigrationPlan> migrations;
  std::optional<planner::Error> error;  ///< of the first that cannot be planned
};
[[nodiscard]] Result<PlanReport> plan(const Environment& environment,
                                      const std::vector<planner::Migration>& migrations,
                                      const PlanOptions& options);
[[nodiscard]] Result<PlanReport> plan_offline(Engine engine,
                                              const std::vector<planner::Migration>& migrations,
                                              const PlanOptions& options);

struct BackfillStatus {
  std::int64_t rows_done = 0;
  std::int64_t rows_total = 0;
  double percent = 0;
  double rate = 0;
  std::optional<std::int64_t> eta_s;
  std::string throttled;
};
struct MigrationStatus {
  MigrationId id;
  std::string target;
  std::optional<Phase> phase;                                ///< the last one finished
  planner::PhaseState state = planner::PhaseState::pending;  ///< of the phase after it
  std::optional<Phase> next_phase;
  Phase target_phase = Phase::expand;  ///< the file's `phase`
  std::optional<Phase> undoing;        ///< the phase that a rollback not finished yet takes back
  std::string release;                 ///< that applied the last finished phase
  bool live = false;                   ///< that release is
  std::string begun_in;                ///< the release of a phase that is not finished; or empty
  std::string reason;                  ///< why it is held, paused, failed
  std::optional<BackfillStatus> backfill;
  bool in_file = true;  ///< false: the ledger knows it, this checkout does not
};
struct StatusReport {
  std::vector<MigrationStatus> migrations;
  std::string lease_holder;  ///< "zdm on db1 (pid 4711); …", or empty
};
[[nodiscard]] Result<StatusReport> status(const Environment& environment,
                                          const std::vector<planner::Migration>& migrations,
                                          const std::vector<MigrationId>& only);

struct VerifySample {
  std::string key, old_value, expected, found;
};
struct MigrationVerification {
  MigrationId id;
  std::string target;
  std::int64_t rows = 0;
  std::int64_t differing = 0;
  std::vector<VerifySample> samples;  ///< at most 10
};
struct VerifyReport {
  std::vector<MigrationVerification> migrations;
};
[[nodiscard]] Result<VerifyReport> verify(const Environment& environment,
                                          const std::vector<planner::Migration>& migrations,
                                          const std::vector<MigrationId>& only);

/// zdm.release/1. `cut` needs no database and lives with zdm.lock (files/lock_file.hpp).
struct ReleaseReport {
  std::string release;
  std::string parent;
  std::string floor;
  std::string live;
  bool ok = true;
  std::vector<std::string> reasons;
};
[[nodiscard]] Result<ReleaseReport> release_live(const Environment& environment,
                                                 const std::vector<std::string>& cut_releases,
                                                 const std::string& release);
/// `migrations` say which switches add a demand that older code does not meet; without them only
/// contracted migrations raise the floor.
[[nodiscard]] Result<ReleaseReport> release_floor(
    const Environment& environment, const std::vector<std::string>& cut_releases,
    const std::vector<planner::Migration>& migrations = {});
[[nodiscard]] Result<ReleaseReport> release_check(
    const Environment& environment, const std::vector<std::string>& cut_releases,
    const std::string& to, const std::vector<planner::Migration>& migrations = {});

}  // namespace zdm::migrations
