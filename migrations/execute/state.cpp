#include "execute/state.hpp"

#include <algorithm>

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

void LedgerState::pretend_done(const MigrationId& id, Phase phase, const std::string& release) {
  std::erase_if(phases, [&](const PhaseRow& row) { return row.id == id && row.phase == phase; });
  phases.push_back(
      {.id = id, .phase = phase, .state = PhaseState::done, .release = release, .error = {}});
}

namespace {

/// A transaction that failed left nothing; what stands outside of one may have.
bool left_something(const StepRow& step) {
  return step.state == "done" || (step.attempts > 0 && !step.step.in_transaction);
}

Result<LedgerState> read_state(Connection& connection, const Ledger& ledger) {
  LedgerState state;
  ZDM_TRY(state.exists, ledger.exists(connection));
  if (!state.exists) return state;
  ZDM_TRY(state.migrations, ledger.migrations(connection));
  ZDM_TRY(state.phases, ledger.phases(connection));
  ZDM_TRY(state.releases, ledger.releases(connection));
  for (const PhaseRow& row : state.phases) {
    const bool failed = row.phase == Phase::expand && row.state == PhaseState::failed &&
                        row.direction == Direction::forward;
    if (!failed) continue;
    ZDM_TRY(const auto steps, ledger.steps(connection, row.run));
    if (std::ranges::none_of(steps, left_something)) state.untouched.push_back(row.id);
  }
  return state;
}

}  // namespace

Result<LedgerState> load_state(Session& session) {
  return session.read(
      [&](Connection& connection) { return read_state(connection, session.ledger()); });
}

}  // namespace zdm::migrations
