#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/names.hpp"
#include "model/phase.hpp"
#include "release/releases.hpp"

/// The release rules at apply time, where the ledger is the judge: zdm-phases(7), "Releases".
namespace zdm::planner {

enum class Answer { go, skip, refuse };

/// What a rule says. `reason` is a sentence that names releases; `next` says what to run then.
struct Verdict {
  Answer answer = Answer::go;
  std::string reason;
  std::string next;

  [[nodiscard]] bool goes() const { return answer == Answer::go; }
};

/// What the user asked for: a phase by its name is refused where `--phase all` passes the migration
/// by.
enum class Asked { all, by_name };

/// What a migration's phase was applied in: nothing where it was not applied, an empty text where
/// it was applied without a release.
using AppliedIn = std::optional<std::string>;

/// A phase about to start.
struct Start {
  MigrationId migration;
  std::string deploying;  ///< the release being deployed; empty: none was given
  Asked asked = Asked::all;
};

/// Contract destroys the old shape. It waits while the release that applied `switch` on this
/// database is the one being deployed, is newer than it, or while none at or after it is live: the
/// release before may still read the old shape. Without a release it is refused.
[[nodiscard]] Verdict may_contract(const Start& start, const AppliedIn& switched,
                                   const Releases& releases);

/// Why a phase needs the release that ships the migration to be live first.
enum class Need {
  writes_both,   ///< dual_write = "app": backfill; the application must write both shapes by then
  meets_demand,  ///< a constraint without `up`: switch; the running code must meet it by then
};
/// The phase waits until a release at or after the one that applied expand is live.
[[nodiscard]] Verdict may_start_when_live(const Start& start, Need need, const AppliedIn& expanded,
                                          const Releases& releases);

/// Undoing a phase: refused while a live release may need it, unless the user allowed live-readers.
/// A phase applied without a release may be needed by any live one.
[[nodiscard]] Verdict may_undo(const MigrationId& migration, Phase phase, const AppliedIn& applied,
                               const Releases& releases, bool live_readers_allowed);

/// What the ledger says of one migration, as far as the floor depends on it.
struct Footprint {
  MigrationId migration;
  AppliedIn expanded;
  AppliedIn switched;
  AppliedIn contracted;  ///< also where contract dropped a part and is not finished
  bool demands = false;  ///< switch adds what older code does not meet (Need::meets_demand)
};

/// The oldest release that may still run against this database.
struct Floor {
  std::string release;  ///< empty: any may
  std::vector<std::string> reasons;
};

/// A contracted migration raises the floor to the release that applied switch: code before it knows
/// only the old shape. Switch alone raises it only where it adds a demand that older code does not
/// meet. Where nothing recorded a release, the next one that was recorded stands in.
[[nodiscard]] Floor floor_of(const std::vector<Footprint>& footprints, const Releases& releases);

/// Whether a release may run: go, or refuse with the reason. An empty release is refused where
/// there is a floor.
[[nodiscard]] Verdict may_run(const std::string& release, const Floor& floor,
                              const Releases& releases);

/// How far the ledger and the checkout took one migration.
struct Standing {
  MigrationId migration;
  std::optional<Phase> done;  ///< the ledger; nothing: not begun
  std::optional<Phase> file;  ///< the file's `phase`; nothing: no such file
  bool parked = false;        ///< the file has `hold`
};

/// The ledger is ahead of the checkout where it did a later phase than the file says, or knows a
/// migration that is not finished and has no file: the application was rolled back. That is no
/// drift. go: it is not ahead; skip: do nothing, exit 0; refuse: the release lies below the floor,
/// or the checkout brings a migration of its own as well.
[[nodiscard]] Verdict may_apply_checkout(const std::vector<Standing>& standings,
                                         const std::string& deploying, const Floor& floor,
                                         const Releases& releases);

}  // namespace zdm::planner
