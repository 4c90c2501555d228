#include "execute/amend.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace zdm::migrations {
namespace {

const planner::TableName* table_of(const planner::Step& step) {
  if (const auto* sync = std::get_if<planner::SyncAction>(&step.action)) return &sync->table;
  if (const auto* fill = std::get_if<planner::BackfillAction>(&step.action)) return &fill->table;
  if (const auto* verify = std::get_if<planner::VerifyAction>(&step.action)) return &verify->table;
  return nullptr;  // depends on no expression
}

/// Both do the same to the same table: the ids of a plan made later need not agree.
bool same_work(const planner::Step& a, const planner::Step& b) {
  const auto* table = table_of(a);
  const auto* other = table_of(b);
  return table != nullptr && other != nullptr && *table == *other &&
         a.action.index() == b.action.index();
}

}  // namespace

Result<std::int64_t> store_amended(Session& session, const planner::Migration& migration,
                                   std::int64_t earlier_run, const std::string& release) {
  ZDM_TRY(View view, read_view(session, migration));
  ZDM_TRY(planner::Steps planned, plan_checked(migration, Phase::backfill, Direction::forward,
                                               view.catalog, view.progress));
  ZDM_CHECK(run_checks(session, planned));
  ZDM_TRY(auto earlier, session.steps(earlier_run));
  RunRequest request{.migration = migration,
                     .phase = Phase::backfill,
                     .direction = Direction::forward,
                     .release = release,
                     .held = {},
                     .steps = {},
                     .done = {},
                     .before = {}};
  for (StepRow& row : earlier) {
    const bool again = table_of(row.step) != nullptr;
    const auto corrected = std::ranges::find_if(
        planned.steps, [&](const planner::Step& step) { return same_work(step, row.step); });
    if (corrected != planned.steps.end()) {
      // Its records stay: the new plan gives names to twins that stand already under older ones.
      row.step.action = corrected->action;
      row.step.sql = corrected->sql;
      row.step.guards = corrected->guards;
    }
    request.done.push_back(!again && row.state == "done");
    request.steps.push_back(std::move(row.step));
  }
  return store_run(session, request);
}

}  // namespace zdm::migrations
