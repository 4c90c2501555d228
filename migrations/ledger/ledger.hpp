#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "database/connection.hpp"
#include "model/phase.hpp"
#include "model/progress.hpp"
#include "model/step.hpp"

/// zdm's record in the target database: schema `zdm` on PostgreSQL, tables zdm_… on SQLite.
/// Functions write nothing but their own rows and open no transaction: callers put them into the
/// step's own (law 9), or run them alone.
namespace zdm::migrations {

using planner::MigrationId;
using planner::Phase;
using planner::PhaseState;

/// How the actor of a run by apply --fresh ends.
inline constexpr std::string_view kFreshActor = " --fresh";

enum class Direction { forward, undo };

struct MigrationRow {
  MigrationId id;
  std::string checksum;
  std::string expressions_checksum;
  std::optional<std::string> held;  ///< reason: set by rollback, taken away by --resume
};

/// How one phase of one migration stands now.
struct PhaseRow {
  MigrationId id;
  Phase phase = Phase::expand;
  PhaseState state = PhaseState::pending;
  Direction direction = Direction::forward;  ///< of the run that is running, failed or paused
  std::string release;                       ///< that applied it; empty: null
  std::string error;
  std::chrono::system_clock::time_point finished{};
  std::int64_t run = 0;  ///< its latest phase run
};

/// A stored step.
struct StepRow {
  std::int64_t run = 0;
  int ordinal = 0;
  planner::Step step;
  std::string state;  ///< pending, running, done, failed
  int attempts = 0;
  std::int64_t duration_ms = 0;
  std::int64_t rows = 0;
  std::string error;
};

struct ReleaseRow {
  std::string release;
  std::int64_t sequence = 0;  ///< order of first apply
  bool live = false;
};

class Ledger {
 public:
  Ledger(std::string target, std::string version)
      : target_(std::move(target)), version_(std::move(version)) {}

  /// Creates the schema, or upgrades it in place. A ledger written by a later zdm than this: drift.
  [[nodiscard]] Result<void> ensure(Connection& connection) const;
  /// False when there is no ledger here. Drift when it is of a later version.
  [[nodiscard]] Result<bool> exists(Connection& connection) const;

  [[nodiscard]] Result<std::vector<MigrationRow>> migrations(Connection&) const;
  [[nodiscard]] Result<std::vector<PhaseRow>> phases(Connection&) const;
  /// Enters it, or writes its checksums anew. `held` is set_held's alone.
  [[nodiscard]] Result<void> put_migration(Connection&, const MigrationRow&) const;
  [[nodiscard]] Result<void> set_held(Connection&, const MigrationId&,
                                      const std::optional<std::string>& reason) const;

  /// Stores a planned phase: its run and its steps, before the first runs. Returns the run's id.
  /// Ordinals are indexes into `steps`. The migration was put before.
  [[nodiscard]] Result<std::int64_t> start_run(Connection&, const MigrationId&, Phase, Direction,
                                               const std::string& release, const std::string& actor,
                                               const std::string& host,
                                               const std::vector<planner::Step>& steps) const;
  [[nodiscard]] Result<std::vector<StepRow>> steps(Connection&, std::int64_t run) const;
  [[nodiscard]] Result<void> step_started(Connection&, std::int64_t run, int ordinal) const;
  [[nodiscard]] Result<void> step_done(Connection&, std::int64_t run, int ordinal,
                                       std::int64_t duration_ms, std::int64_t rows) const;
  [[nodiscard]] Result<void> step_failed(Connection&, std::int64_t run, int ordinal,
                                         const std::string& error) const;
  /// Replaces a stored step that was composed again (law 2).
  [[nodiscard]] Result<void> replace_step(Connection&, std::int64_t run, int ordinal,
                                          const planner::Step&) const;
  /// Ends a run and sets the phase's state; the release is kept for `done`.
  [[nodiscard]] Result<void> finish_run(Connection&, std::int64_t run, PhaseState,
                                        const std::string& error) const;

  /// What was recorded of the migration, under the names the objects have now; and the rules of
  /// every table of the target, because a migration not begun yet has to plan with those of others.
  [[nodiscard]] Result<planner::Progress> progress(Connection&, const MigrationId&) const;
  /// Reads (oid, attnum) from the catalog and writes the record. Drift when the object is not
  /// there.
  [[nodiscard]] Result<void> record(Connection&, const MigrationId&, const planner::Record&) const;
  [[nodiscard]] Result<void> put_table_before(Connection&, const MigrationId&,
                                              const planner::Table&) const;
  /// Rules in flight on a table, of every migration.
  [[nodiscard]] Result<planner::TableRules> table_rules(Connection&,
                                                        const planner::TableName&) const;
  /// Enters and takes out rules; the generation grows by one. Returns the new generation.
  [[nodiscard]] Result<std::int64_t> change_rules(Connection&, const MigrationId&,
                                                  const planner::SyncAction&) const;

  /// SQLite, where tables are followed by name: writes the records of `from` anew under `to`.
  /// PostgreSQL follows by oid: nothing to do.
  [[nodiscard]] Result<void> follow_rename(Connection&, const planner::TableName& from,
                                           const planner::TableName& to) const;

  /// In the order of first apply.
  [[nodiscard]] Result<std::vector<ReleaseRow>> releases(Connection&) const;
  /// Enters a release at its first apply; the order of later ones stays. Empty: nothing to enter.
  [[nodiscard]] Result<void> put_release(Connection&, const std::string& release) const;
  /// This release alone is live from now on (everything older has drained); entered if it is new.
  [[nodiscard]] Result<void> set_live(Connection&, const std::string& release) const;
  /// The target was built from empty in one run (apply --fresh).
  [[nodiscard]] Result<void> put_fresh_build(Connection&, const std::string& release) const;

  /// All that was ever run here was run by an apply --fresh that has not come to its end.
  [[nodiscard]] Result<bool> fresh_build_unfinished(Connection&) const;

  [[nodiscard]] const std::string& target() const { return target_; }

 private:
  std::string target_;
  std::string version_;
};

}  // namespace zdm::migrations
