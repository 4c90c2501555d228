#include "release/rules.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace zdm::planner {

namespace {

/// A phase named by the user is refused, `--phase all` passes the migration by.
Verdict wait(Asked asked, std::string reason, std::string next) {
  return {asked == Asked::by_name ? Answer::refuse : Answer::skip, std::move(reason),
          std::move(next)};
}

std::string run_live(const std::string& release) {
  return fmt::format("once {} serves and everything older has drained, run zdm release live {}",
                     release, release);
}

std::string list_live(const Releases& releases) {
  const auto& live = releases.live();
  if (live.empty()) return "no release is live";
  return fmt::format("live {} {}", live.size() == 1 ? "is" : "are", fmt::join(live, ", "));
}

}  // namespace

Verdict may_contract(const Start& start, const AppliedIn& switched, const Releases& releases) {
  const auto& id = start.migration.value;
  if (start.deploying.empty()) {
    return wait(start.asked,
                fmt::format("contract of {} drops what an older release may still read, and no "
                            "release was named",
                            id),
                "say which release this is: --release R, ZDM_RELEASE, or zdm release cut R");
  }
  if (!switched) {
    return wait(start.asked, fmt::format("switch of {} is not done on this database", id),
                fmt::format("run zdm apply --phase switch {}", id));
  }
  if (switched->empty()) {
    return wait(
        start.asked,
        fmt::format("switch of {} was applied without a release, so nothing tells which "
                    "release reads the new shape",
                    id),
        fmt::format("run zdm rollback {} --to backfill, then apply switch with --release", id));
  }
  if (*switched == start.deploying) {
    return wait(start.asked,
                fmt::format("switch of {} was applied in release {} too, and the release before it "
                            "may still read the old shape",
                            id, *switched),
                fmt::format("{}; a later release contracts", run_live(*switched)));
  }
  if (!releases.at_or_after(start.deploying, *switched).value_or(false)) {
    return wait(start.asked,
                fmt::format("release {} does not come after {}, in which switch of {} was applied",
                            start.deploying, *switched, id),
                fmt::format("contract with a release after {}", *switched));
  }
  if (!releases.live_since(*switched)) {
    return wait(start.asked,
                fmt::format("switch of {} was applied in release {}, and neither that nor a later "
                            "release is live yet ({})",
                            id, *switched, list_live(releases)),
                run_live(*switched));
  }
  return {};
}

Verdict may_start_when_live(const Start& start, Need need, const AppliedIn& expanded,
                            const Releases& releases) {
  const bool writes = need == Need::writes_both;
  const auto& id = start.migration.value;
  const std::string_view why =
      writes ? "dual_write = \"app\": the application itself must write both shapes before backfill"
             : "it has no up: the running code must meet the constraint before switch";
  if (!expanded || expanded->empty()) {
    return wait(
        start.asked,
        fmt::format("{} of {} waits ({}), and expand was {}", writes ? "backfill" : "switch", id,
                    why, expanded ? "applied without a release" : "not applied"),
        expanded ? fmt::format("run zdm rollback {} --to none, then apply it with --release", id)
                 : fmt::format("run zdm apply --phase expand {}", id));
  }
  if (releases.live_since(*expanded)) return {};
  return wait(start.asked,
              fmt::format("{} of {} waits for release {} to be live ({}; {})",
                          writes ? "backfill" : "switch", id, *expanded, why, list_live(releases)),
              run_live(*expanded));
}

Verdict may_undo(const MigrationId& migration, Phase phase, const AppliedIn& applied,
                 const Releases& releases, bool live_readers_allowed) {
  if (!applied || live_readers_allowed || releases.live().empty()) return {};
  const auto live =
      applied->empty() ? std::optional(releases.live().back()) : releases.live_since(*applied);
  if (!live) return {};
  const auto shipped =
      applied->empty() ? std::string("without a release") : fmt::format("in release {}", *applied);
  return {Answer::refuse,
          fmt::format("release {} is live and may need {} of {}, which was applied {}", *live,
                      to_string(phase), migration.value, shipped),
          "roll the application back first and run zdm release live R for the release that serves "
          "then; or, if nothing reads or writes the new shape, --allow live-readers"};
}

Verdict may_run(const std::string& release, const Floor& floor, const Releases& releases) {
  if (floor.release.empty() && floor.reasons.empty()) return {};
  const auto because = floor.reasons.empty() ? std::string() : floor.reasons.front();
  if (floor.release.empty()) {
    return {Answer::refuse,
            fmt::format("nothing tells whether release {} may run: {}",
                        release.empty() ? "(none named)" : release, because),
            "run only code that knows the new shape"};
  }
  const auto next = fmt::format("{}; run {} or a later release", because, floor.release);
  if (release.empty()) {
    return {Answer::refuse,
            fmt::format("no release was named, and {} is the oldest that may run against this "
                        "database",
                        floor.release),
            next};
  }
  const auto above = releases.at_or_after(release, floor.release);
  if (above.value_or(false)) return {};
  if (above) {
    return {Answer::refuse,
            fmt::format("release {} lies below {}, the oldest that may run against this database",
                        release, floor.release),
            next};
  }
  return {Answer::refuse,
          fmt::format("neither zdm.lock nor the ledger knows release {}, and {} is the oldest that "
                      "may run against this database",
                      release, floor.release),
          next};
}

Verdict may_apply_checkout(const std::vector<Standing>& standings, const std::string& deploying,
                           const Floor& floor, const Releases& releases) {
  std::string ahead;
  std::string unknown;
  for (const Standing& standing : standings) {
    if (!standing.done && standing.file && !standing.parked) unknown = standing.migration.value;
    if (!ahead.empty()) continue;
    if (!standing.done || standing.parked) continue;
    const auto& id = standing.migration.value;
    if (!standing.file && *standing.done != Phase::contract) {
      ahead = fmt::format("it knows {}, which these files do not", id);
    } else if (standing.file && *standing.done > *standing.file) {
      ahead = fmt::format("{} of {} is done, and its file takes it as far as {}",
                          to_string(*standing.done), id, to_string(*standing.file));
    }
  }
  if (ahead.empty()) return {};
  auto below = may_run(deploying, floor, releases);
  if (!below.goes()) {
    below.reason =
        fmt::format("the database is ahead of these files ({}), and {}", ahead, below.reason);
    return below;
  }
  if (!unknown.empty()) {
    return {Answer::refuse,
            fmt::format("the database is ahead of these files ({}), and they bring {}, which was "
                        "not begun: they are no older release, but another branch",
                        ahead, unknown),
            "apply a checkout that has both"};
  }
  return {Answer::skip,
          fmt::format("the database is ahead of these files: {}; an older release is being "
                      "deployed, and it may run",
                      ahead),
          "nothing is to be done"};
}

}  // namespace zdm::planner
