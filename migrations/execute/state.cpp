#include "execute/state.hpp"

#include <algorithm>
#include <variant>

#include "execute/session.hpp"

namespace zdm::migrations {

bool is_half_done(PhaseState state) {
  return state == PhaseState::running || state == PhaseState::failed || state == PhaseState::paused;
}

const MigrationRow* LedgerState::migration(const MigrationId& id) const {
  const auto found = std::ranges::find(migrations, id, &MigrationRow::id);
  return found == migrations.end() ? nullptr : &*found;
}

const PhaseRow* LedgerState::phase(const MigrationId& id, Phase phase) const {
  const auto found = std::ranges::find_if(
      phases, [&](const PhaseRow& row) { return row.id == id && row.phase == phase; });
  return found == phases.end() ? nullptr : &*found;
}

std::optional<Phase> LedgerState::done(const MigrationId& id) const {
  std::optional<Phase> last;
  for (const Phase each : planner::kPhases) {
    const PhaseRow* row = phase(id, each);
    if (row == nullptr || (row->state != PhaseState::done && row->state != PhaseState::empty)) {
      break;
    }
    last = each;
  }
  return last;
}

const PhaseRow* LedgerState::half_done(const MigrationId& id) const {
  const auto found = std::ranges::find_if(
      phases, [&](const PhaseRow& row) { return row.id == id && is_half_done(row.state); });
  return found == phases.end() ? nullptr : &*found;
}

bool LedgerState::corrected(const MigrationId& id, const std::string& checksum) const {
  const MigrationRow* row = migration(id);
  return row != nullptr && row->checksum != checksum &&
         std::ranges::find(untouched, id) != untouched.end();
}

bool LedgerState::started(const MigrationId& id) const {
  if (std::ranges::find(untouched, id) != untouched.end()) return false;
  return done(id).has_value() || half_done(id) != nullptr;
}

bool LedgerState::contracted(const MigrationId& id) const {
  const PhaseRow* row = phase(id, Phase::contract);
  if (row == nullptr) return false;
  if (row->state == PhaseState::done) return true;
  return is_half_done(row->state) && std::ranges::find(intact, id) == intact.end();
}

void LedgerState::pretend_done(const MigrationId& id, Phase phase, const std::string& release) {
  std::erase_if(phases, [&](const PhaseRow& row) { return row.id == id && row.phase == phase; });
  phases.push_back(
      {.id = id, .phase = phase, .state = PhaseState::done, .release = release, .error = {}});
}

namespace {

/// It may be done as often as one likes.
bool only_refreshes(const planner::Step& step) {
  const bool other = step.sql.empty() || step.action.index() != 0 || !step.records.empty();
  return !other && std::ranges::all_of(step.sql, [](const std::string& sql) {
    return sql.starts_with("REFRESH MATERIALIZED VIEW ") || sql.starts_with("ANALYZE ");
  });
}

/// A transaction that failed left nothing; what stands outside of one may have.
bool left_something(const StepRow& row) {
  if (std::holds_alternative<planner::VerifyAction>(row.step.action)) return false;
  const bool whole = row.step.kind == planner::StepKind::transaction;
  if (row.state == "done") return !whole || !only_refreshes(row.step);
  return row.attempts > 0 && !whole;
}

bool may_be_nothing(const PhaseRow& row) {
  const bool expand = row.phase == Phase::expand && row.state == PhaseState::failed &&
                      row.direction == Direction::forward;
  return expand || (row.phase == Phase::contract && is_half_done(row.state));
}

/// An index that somebody keeps from being dropped still stands, and serves.
Result<bool> not_dropped(Connection& connection, const StepRow& row) {
  const auto* action = std::get_if<planner::ConcurrentAction>(&row.step.action);
  if (action == nullptr || action->probe.empty() || row.state == "done") return false;
  ZDM_TRY(const Rows rows, connection.run(action->probe));
  return rows.first() != action->done_state && rows.first() != "invalid";
}

Result<bool> left_nothing(Connection& connection, const std::vector<StepRow>& rows) {
  for (const StepRow& row : rows) {
    if (!left_something(row)) continue;
    ZDM_TRY(const bool stands, not_dropped(connection, row));
    if (!stands) return false;
  }
  return true;
}

Result<LedgerState> read_state(Connection& connection, const Ledger& ledger) {
  LedgerState state;
  ZDM_TRY(state.exists, ledger.exists(connection));
  if (!state.exists) return state;
  ZDM_TRY(state.migrations, ledger.migrations(connection));
  ZDM_TRY(state.phases, ledger.phases(connection));
  ZDM_TRY(state.releases, ledger.releases(connection));
  for (const PhaseRow& row : state.phases) {
    if (!may_be_nothing(row)) continue;
    ZDM_TRY(const auto steps, ledger.steps(connection, row.run));
    if (row.phase == Phase::contract) {
      ZDM_TRY(const bool intact, left_nothing(connection, steps));
      if (intact) state.intact.push_back(row.id);
    } else if (did_nothing(steps)) {
      state.untouched.push_back(row.id);
    }
  }
  return state;
}

}  // namespace

bool did_nothing(const std::vector<StepRow>& steps) {
  return std::ranges::none_of(steps, left_something);
}

Result<LedgerState> load_state(Session& session) {
  return session.read(
      [&](Connection& connection) { return read_state(connection, session.ledger()); });
}

}  // namespace zdm::migrations
