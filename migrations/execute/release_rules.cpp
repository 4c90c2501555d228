#include "execute/release_rules.hpp"

#include <algorithm>

#include "recipes/touched.hpp"

namespace zdm::migrations {
namespace {

using planner::Migration;
using planner::Verdict;

/// The release of a phase that was begun and not taken back.
planner::AppliedIn applied_in(const LedgerState& state, const MigrationId& id, Phase phase) {
  const PhaseRow* row = state.phase(id, phase);
  if (row == nullptr || (row->state != PhaseState::done && !is_half_done(row->state))) {
    return std::nullopt;
  }
  return row->release;
}

/// The same of contract, of which only what it dropped counts. One at work may drop it any moment.
planner::AppliedIn contracted_in(const LedgerState& state, const MigrationId& id) {
  const PhaseRow* row = state.phase(id, Phase::contract);
  if (row == nullptr) return std::nullopt;
  const bool at_work = row->state == PhaseState::running && row->direction == Direction::forward;
  if (!at_work && !state.contracted(id)) return std::nullopt;
  return row->release;
}

planner::Releases releases_of(const ReleaseJudge::Facts& facts) {
  std::vector<planner::ReleaseState> applied;
  for (const ReleaseRow& row : facts.state.releases) {
    applied.push_back({.release = row.release, .sequence = row.sequence, .live = row.live});
  }
  return {facts.cut, std::move(applied),
          facts.assume_live ? planner::LiveRule::assumed : planner::LiveRule::recorded,
          facts.deploying};
}

const Migration* file_of(const ReleaseJudge::Facts& facts, const MigrationId& id) {
  const auto found = std::ranges::find(facts.migrations, id, &Migration::id);
  return found == facts.migrations.end() ? nullptr : &*found;
}

planner::Floor floor_of(const ReleaseJudge::Facts& facts, const planner::Releases& releases) {
  std::vector<planner::Footprint> footprints;
  for (const MigrationRow& row : facts.state.migrations) {
    const Migration* file = file_of(facts, row.id);
    footprints.push_back(
        {.migration = row.id,
         .expanded = applied_in(facts.state, row.id, Phase::expand),
         .switched = applied_in(facts.state, row.id, Phase::switch_),
         .contracted = contracted_in(facts.state, row.id),
         .demands =
             file != nullptr && std::ranges::any_of(file->changes, planner::demands_of_writers)});
  }
  return planner::floor_of(footprints, releases);
}

}  // namespace

ReleaseJudge::ReleaseJudge(const Facts& facts)
    : facts_(facts), releases_(releases_of(facts)), floor_(floor_of(facts, releases_)) {}

Verdict ReleaseJudge::may_start(const Migration& migration, Phase phase,
                                planner::Asked asked) const {
  const planner::Start start{
      .migration = migration.id, .deploying = facts_.deploying, .asked = asked};
  const auto expanded = applied_in(facts_.state, migration.id, Phase::expand);
  switch (phase) {
    case Phase::expand:
      break;
    case Phase::backfill:
      if (!std::ranges::any_of(migration.changes, planner::app_writes_both)) break;
      return planner::may_start_when_live(start, planner::Need::writes_both, expanded, releases_);
    case Phase::switch_:
      if (!std::ranges::any_of(migration.changes, planner::demands_of_writers)) break;
      return planner::may_start_when_live(start, planner::Need::meets_demand, expanded, releases_);
    case Phase::contract:
      return planner::may_contract(start, applied_in(facts_.state, migration.id, Phase::switch_),
                                   releases_);
  }
  return {};
}

Verdict ReleaseJudge::may_undo(const MigrationId& id, Phase phase, bool allowed) const {
  return planner::may_undo(id, phase, applied_in(facts_.state, id, phase), releases_, allowed);
}

Verdict ReleaseJudge::may_apply_checkout() const {
  std::vector<planner::Standing> standings;
  for (const MigrationRow& row : facts_.state.migrations) {
    const Migration* file = file_of(facts_, row.id);
    planner::Standing standing{.migration = row.id,
                               .done = facts_.state.done(row.id),
                               .file = {},
                               .parked = file != nullptr && file->hold.has_value()};
    if (file != nullptr) standing.file = file->phase;
    standings.push_back(std::move(standing));
  }
  for (const Migration& file : facts_.migrations) {
    const auto& known = facts_.state.migrations;
    if (std::ranges::find(known, file.id, &MigrationRow::id) != known.end()) continue;
    standings.push_back({file.id, std::nullopt, file.phase, file.hold.has_value()});
  }
  return planner::may_apply_checkout(standings, facts_.deploying, floor_, releases_);
}

Verdict ReleaseJudge::may_run(const std::string& release) const {
  return planner::may_run(release, floor_, releases_);
}

std::string ReleaseJudge::newest_live() const {
  return releases_.live().empty() ? std::string() : releases_.live().back();
}

}  // namespace zdm::migrations
