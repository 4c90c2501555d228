#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "execute/session.hpp"
#include "execute/state.hpp"
#include "recipes/plan.hpp"

namespace zdm::migrations {

/// What planning needs to have read, of one moment.
struct View {
  planner::Catalog catalog;
  planner::Progress progress;
};

/// Catalog and progress in one snapshot.
[[nodiscard]] Result<View> read_view(Session& session, const planner::Migration& migration);

/// Plans one phase, or the way back from it, and checks what every plan must satisfy.
[[nodiscard]] Result<planner::Steps> plan_checked(const planner::Migration& migration, Phase phase,
                                                  Direction direction,
                                                  const planner::Catalog& catalog,
                                                  const planner::Progress& progress);

/// Asks the server what the plan wants to know before anything is stored: whether it accepts the
/// author's expressions, whether they keep NULL. ErrorCode::refused with the server's words.
[[nodiscard]] Result<void> run_checks(Session& session, const planner::Steps& steps);

/// Whether a phase is about to be begun, or only planned.
enum class Turn { next, later };

/// The same without the lease, for a plan that only looks.
[[nodiscard]] Result<void> try_checks(Session& session, const planner::Steps& steps, Turn turn);

/// What a stored run is about.
struct RunRequest {
  const planner::Migration& migration;
  Phase phase = Phase::expand;
  Direction direction = Direction::forward;
  std::string release;
  std::optional<std::string> held;  ///< the mark the migration carries from now on
  std::vector<planner::Step> steps;
  std::vector<bool> done;              ///< steps that an earlier run did already; empty: none
  std::vector<planner::Table> before;  ///< expand: the tables as they were
  bool fresh = false;
};

/// Stores the run, its steps and the migration's row in one transaction, before the first step
/// runs. Returns the run's id.
[[nodiscard]] Result<std::int64_t> store_run(Session& session, const RunRequest& request);

/// Marks a run that failed or paused as running again. Returns its id.
[[nodiscard]] Result<std::int64_t> carry_on(Session& session, std::int64_t run);

/// Told the step whose table is compared next, which takes as long as reading it.
using Comparing = std::function<void(const planner::Step&)>;

/// Compares once more what a begun contract compared and has not dropped yet: it may be carried on
/// long after.
[[nodiscard]] Result<void> look_again(Session& session, std::int64_t run,
                                      const Comparing& comparing);

/// Plans forward from what is there now and stores it.
[[nodiscard]] Result<std::int64_t> plan_and_store(Session& session,
                                                  const planner::Migration& migration, Phase phase,
                                                  const std::string& release, bool fresh,
                                                  const Comparing& comparing);

}  // namespace zdm::migrations
