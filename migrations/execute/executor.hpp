#pragma once

#include <cstdint>
#include <vector>

#include "execute/operations.hpp"
#include "execute/session.hpp"

namespace zdm::migrations {

/// One stored phase run.
struct PhaseRun {
  Session& session;
  MigrationId migration;
  Phase phase = Phase::expand;
  Direction direction = Direction::forward;
  std::int64_t run = 0;
  const ProgressSink& progress;

  /// Tells the command line; does nothing without a sink.
  void say(ProgressEvent event, const planner::Step& step) const;
  /// What transact() tells while it waits for locks of `step`.
  [[nodiscard]] std::function<void(const std::vector<planner::Blocker>&)> waiting(
      const planner::Step& step) const;
};

/// What came of one step. `attempts` counts tries that reached the server.
struct StepOutcome {
  int attempts = 0;
  std::int64_t rows = 0;
};

/// Runs the steps of a stored run that are not done yet, in order, and records each. A stop is
/// looked at between two steps. The first error ends it: the step and the phase are recorded as
/// failed (or paused, where a retry later is all it takes), and the error returned; the run can be
/// carried on. When all are done the phase is recorded as `finished`: done, or undone. `reports`
/// gets a line for every step, reached or not.
[[nodiscard]] Result<void> execute(const PhaseRun& run, PhaseState finished,
                                   std::vector<StepReport>& reports);

/// Waiting later may be all that is needed: the lock budget, a stop, a server that is away.
[[nodiscard]] bool is_pause(const Error& error);

/// done, paused, refused or failed: the words of zdm.apply/1 for an error's code.
[[nodiscard]] std::string state_word(const Error& error);

}  // namespace zdm::migrations
