#pragma once

#include <optional>
#include <vector>

#include "database/connection.hpp"
#include "ledger/ledger.hpp"

namespace zdm::migrations {

/// What the ledger says at one moment, with the questions the operations ask of it.
struct LedgerState {
  bool exists = false;  ///< nobody ever applied anything here
  std::vector<MigrationRow> migrations;
  std::vector<PhaseRow> phases;
  std::vector<ReleaseRow> releases;
  std::vector<MigrationId> untouched;  ///< expand failed at its first step, which left nothing
  std::vector<MigrationId> intact;  ///< contract has not come to its end, and dropped nothing yet

  [[nodiscard]] const MigrationRow* migration(const MigrationId& id) const;
  [[nodiscard]] const PhaseRow* phase(const MigrationId& id, Phase phase) const;
  /// The last phase finished; nothing before expand is.
  [[nodiscard]] std::optional<Phase> done(const MigrationId& id) const;
  /// A phase that was begun, in either direction, and did not come to its end.
  [[nodiscard]] const PhaseRow* half_done(const MigrationId& id) const;
  /// Something of the migration is in the database.
  [[nodiscard]] bool started(const MigrationId& id) const;
  /// Contract was applied, or a part of it: something is gone for good.
  [[nodiscard]] bool contracted(const MigrationId& id) const;
  /// Its file changed, and may: expand was begun, and failed before it did anything.
  [[nodiscard]] bool corrected(const MigrationId& id, const std::string& checksum) const;
  /// What applying a phase would leave, for --dry-run.
  void pretend_done(const MigrationId& id, Phase phase, const std::string& release);
};

class Session;
/// All of it in one snapshot.
[[nodiscard]] Result<LedgerState> load_state(Session& session);

/// "running", "failed" and "paused" are states of a run that may be carried on.
[[nodiscard]] bool is_half_done(PhaseState state);

/// Nothing was committed that counts: comparisons, and transactions whose end the ledger would
/// know.
[[nodiscard]] bool did_nothing(const std::vector<StepRow>& steps);

}  // namespace zdm::migrations
