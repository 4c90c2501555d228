#include <algorithm>
#include <utility>
#include <variant>

#include "backfill/backfill.hpp"
#include "execute/operations.hpp"
#include "execute/selection.hpp"
#include "execute/session.hpp"

namespace zdm::migrations {
namespace {

using planner::Migration;

constexpr std::size_t kSamples = 10;

/// Both shapes stand side by side from backfill's first step to what contract drops.
const PhaseRow* comparable(const LedgerState& state, const MigrationId& id) {
  const PhaseRow* backfill = state.phase(id, Phase::backfill);
  if (backfill == nullptr || backfill->direction == Direction::undo) return nullptr;
  if (backfill->state != PhaseState::done && !is_half_done(backfill->state)) return nullptr;
  return state.contracted(id) ? nullptr : backfill;
}

/// Before the first run of a step nothing of it is there to compare.
Result<bool> has_begun(Session& session, std::int64_t run) {
  ZDM_TRY(const auto rows, session.steps(run));
  return !rows.empty() && rows.front().state == "done";
}

using Fills = std::vector<planner::Fill>;

bool same_change(const planner::Fill& fill, const planner::SyncRule& rule) {
  return fill.migration == rule.migration && fill.change == rule.change;
}

/// The same for one that only looks for values: its column goes by the assignments it belongs to.
void take_names_of(planner::Fill& fill, const Fills& planned, const planner::SyncRule& rule) {
  const auto whole = std::ranges::find_if(planned, [&](const planner::Fill& each) {
    return same_change(each, rule) && !each.repair &&
           each.assignments.size() == rule.forward.size();
  });
  if (whole == planned.end()) return;
  for (planner::Assignment& assignment : fill.assignments) {
    const auto at =
        std::ranges::find(whole->assignments, assignment.column, &planner::Assignment::column);
    if (at == whole->assignments.end()) continue;
    const auto& now = rule.forward[static_cast<std::size_t>(at - whole->assignments.begin())];
    assignment.column = now.column;
    assignment.reads = now.reads;
  }
}

/// The words of a fill as the columns are called now: a switch under the same name lets two of
/// them change places, and the rule in force knows them by their new names.
void take_names(planner::Fill& fill, const Fills& planned, const planner::TableRules& rules) {
  const auto rule = std::ranges::find_if(
      rules.rules, [&](const planner::SyncRule& each) { return same_change(fill, each); });
  if (rule == rules.rules.end()) return;
  if (fill.repair) return take_names_of(fill, planned, *rule);
  const auto& names = &planner::Assignment::column;
  if (rule->forward.size() != fill.assignments.size() ||
      std::ranges::equal(rule->forward, fill.assignments, {}, names, names)) {
    return;
  }
  fill.assignments = rule->forward;
  fill.inverse = rule->backward;
}

Result<MigrationVerification> verify_one(Session& session, const MigrationId& id,
                                         std::int64_t run) {
  MigrationVerification report;
  report.id = id;
  report.target = session.environment().target;
  ZDM_TRY(const auto rows, session.steps(run));
  for (const StepRow& row : rows) {
    const auto* action = std::get_if<planner::VerifyAction>(&row.step.action);
    if (action == nullptr) continue;
    ZDM_TRY(const planner::TableRules rules,
            session.ledger().table_rules(session.work(), action->table));
    auto fills = action->fills;
    for (planner::Fill& fill : fills) take_names(fill, action->fills, rules);
    ZDM_TRY(const Verification found, verify_table(session.work(), action->table, fills,
                                                   planner::Shapes::new_alone, kSamples));
    report.rows += found.rows;
    report.differing += found.differing;
    for (const DivergentRow& sample : found.samples) {
      if (report.samples.size() == kSamples) break;
      report.samples.push_back({.key = sample.key,
                                .old_value = sample.old_value,
                                .expected = sample.expected,
                                .found = sample.found});
    }
  }
  return report;
}

}  // namespace

Result<VerifyReport> verify(const Environment& environment,
                            const std::vector<Migration>& migrations,
                            const std::vector<MigrationId>& only) {
  ZDM_CHECK(check_names(migrations, only));
  ZDM_TRY(const auto session, Session::open(environment));
  ZDM_TRY(const LedgerState state, load_state(*session));
  VerifyReport report;
  for (const Migration& migration : migrations) {
    if (!is_selected(only, migration.id)) continue;
    const PhaseRow* backfill = comparable(state, migration.id);
    if (backfill == nullptr) continue;
    ZDM_TRY(const bool begun, has_begun(*session, backfill->run));
    if (!begun) continue;
    ZDM_TRY(auto one, verify_one(*session, migration.id, backfill->run));
    report.migrations.push_back(std::move(one));
  }
  return report;
}

}  // namespace zdm::migrations
