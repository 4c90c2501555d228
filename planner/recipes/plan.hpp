#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/catalog.hpp"
#include "model/migration.hpp"
#include "model/phase.hpp"
#include "model/progress.hpp"
#include "model/step.hpp"

namespace zdm::planner {

/// One phase of one migration.
struct PhasePlan {
  Phase phase = Phase::expand;
  PhaseState state = PhaseState::pending;
  std::vector<Step> steps;
};

/// The four phases of one migration: finished ones as the ledger has them, later ones forecast.
struct MigrationPlan {
  MigrationId id;
  std::string description;
  std::vector<PhasePlan> phases;
  std::vector<Warning> warnings;
};

/// The steps and warnings of one phase.
struct Steps {
  /// Asked of the server before anything is stored: whether the author's expressions are accepted
  /// for their columns, whether up(down(NULL)) is NULL (law 1). A false answer or an error refuses
  /// the phase (exit 3, the check's message, the server's words).
  std::vector<Check> checks;
  std::vector<Step> steps;
  std::vector<Warning> warnings;
};

/// Whether the check can be asked of a database that stands as `real` says while the plan expects
/// it to stand as `expected`: its table and columns are there already, of the types they will have.
[[nodiscard]] bool can_ask(const Check& check, const Catalog& real, const Catalog& expected);

/// It runs SQL of the author's own, whose effects nobody forecasts.
[[nodiscard]] bool has_own_sql(const Migration& migration);

/// What must be read from the database before this migration can be planned.
[[nodiscard]] CatalogRequest catalog_request(const Migration& migration);

/// Plans one phase. ErrorCode::refused with what to do instead when the catalog makes it unsafe,
/// ErrorCode::drift when a recorded object is gone.
[[nodiscard]] Result<Steps> plan_phase(const Migration& migration, Phase phase,
                                       const Catalog& catalog, const Progress& progress);

/// Plans the way back from one finished (or half-finished) phase. Contract: always refused.
[[nodiscard]] Result<Steps> plan_undo(const Migration& migration, Phase phase,
                                      const Catalog& catalog, const Progress& progress);

/// Plans every phase not finished, each on the catalog as the ones before leave it. `catalog` and
/// `progress` are advanced, so that a later migration can be planned after this one.
[[nodiscard]] Result<MigrationPlan> plan_migration(const Migration& migration, Catalog& catalog,
                                                   Progress& progress);

/// Checks what every plan must satisfy: ids unique, SQL not empty, no CASCADE, concurrent steps
/// outside transactions, destructive steps in contract only, claims complete. ErrorCode::bug.
[[nodiscard]] Result<void> verify_plan(const Steps& steps, Phase phase, bool undo);

/// The catalog once the columns that the step renames have their new names: what the step's
/// triggers are composed on. What else it does to the table does not concern them.
[[nodiscard]] Catalog renamed_by(Catalog catalog, const Step& step);

/// The composed SQL of a sync step, for the rules now in flight (law 2). `rules` are those already
/// installed; the action's own enter and leave. Also used by the executor when others changed them.
[[nodiscard]] Result<std::vector<std::string>> compose_sync(const SyncAction& action,
                                                            const MigrationId& migration,
                                                            const TableRules& rules,
                                                            const Catalog& catalog);

/// The progress after a step, for forecasts: recorded columns and installed rules.
[[nodiscard]] Progress advance(Progress progress, const Step& step, const MigrationId& migration,
                               const Catalog& after);

}  // namespace zdm::planner
