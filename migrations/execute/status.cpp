#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "execute/operations.hpp"
#include "execute/selection.hpp"
#include "execute/session.hpp"
#include "ledger/schema.hpp"

namespace zdm::migrations {
namespace {

using planner::Migration;

double number(const Rows& rows, std::size_t column) {
  const std::string text = rows.first(column);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// All backfill steps of one run, as one.
Result<std::optional<BackfillStatus>> backfill_of(Connection& connection, std::int64_t run) {
  ZDM_TRY(const Rows rows, connection.run(fmt::format(R"(
      SELECT count(*), coalesce(sum(rows_done), 0), coalesce(sum(rows_total), 0),
             coalesce(avg(fraction), 0), coalesce(sum(rows_per_second), 0),
             coalesce(max(throttled), '')
        FROM {} WHERE run = $1)",
                                                      table(connection.engine(), "backfill")),
                                          {std::to_string(run)}));
  if (rows.first_integer() == 0) return std::optional<BackfillStatus>();
  const double fraction = number(rows, 3);
  BackfillStatus status{.rows_done = rows.first_integer(1),
                        .rows_total = rows.first_integer(2),
                        .percent = fraction * 100,
                        .rate = number(rows, 4),
                        .eta_s = {},
                        .throttled = rows.first(5)};
  // Before one percent an estimate says more about the first pages than about the table.
  if (fraction >= 0.01 && fraction < 1 && status.rate > 0) {
    const auto done = static_cast<double>(status.rows_done);
    status.eta_s = static_cast<std::int64_t>(done * (1 - fraction) / fraction / status.rate);
  }
  return std::optional(status);
}

/// One for each scope that is held: a migration and a rotation may be at work at once.
Result<std::string> lease_holder(Connection& connection, const std::string& target) {
  ZDM_TRY(const Rows rows, connection.run(fmt::format(R"(
      SELECT holder, host, pid FROM {} WHERE target = $1 AND holder IS NOT NULL
       ORDER BY scope)",
                                                      table(connection.engine(), "lease")),
                                          {target}));
  std::string holders;
  for (const auto& row : rows.rows) {
    holders += fmt::format("{}{} on {} (pid {})", holders.empty() ? "" : "; ", row[0].value_or(""),
                           row[1].value_or(""), row[2].value_or(""));
  }
  return holders;
}

class Status final {
 public:
  Status(Session& session, const LedgerState& state, const std::vector<Migration>& migrations)
      : session_(session), state_(state), migrations_(migrations) {}

  [[nodiscard]] Result<MigrationStatus> of(const MigrationId& id);

 private:
  [[nodiscard]] PhaseState state_of(const MigrationId& id, const Migration* file,
                                    std::optional<Phase> next, std::string& reason) const;

  Session& session_;
  const LedgerState& state_;
  const std::vector<Migration>& migrations_;
};

/// Of the phase after the last finished one.
PhaseState Status::state_of(const MigrationId& id, const Migration* file, std::optional<Phase> next,
                            std::string& reason) const {
  const PhaseRow* open = state_.half_done(id);
  if (open != nullptr) {
    reason = open->error;
    return open->state;
  }
  const MigrationRow* row = state_.migration(id);
  if (row != nullptr && row->held) {
    reason = *row->held;
    return PhaseState::held;
  }
  if (file != nullptr && file->hold && next) {
    reason = *file->hold;
    return PhaseState::held;
  }
  if (!next) return PhaseState::done;
  const PhaseRow* phase = state_.phase(id, *next);
  return phase == nullptr ? PhaseState::pending : phase->state;
}

Result<MigrationStatus> Status::of(const MigrationId& id) {
  const Migration* file = find_migration(migrations_, id);
  MigrationStatus status;
  status.id = id;
  status.target = session_.environment().target;
  status.in_file = file != nullptr;
  status.phase = state_.done(id);
  status.next_phase = status.phase ? planner::next(*status.phase) : Phase::expand;
  status.target_phase = file != nullptr ? file->phase : status.phase.value_or(Phase::expand);
  status.state = state_of(id, file, status.next_phase, status.reason);
  if (status.phase) {
    if (const PhaseRow* row = state_.phase(id, *status.phase)) status.release = row->release;
    const auto release = std::ranges::find(state_.releases, status.release, &ReleaseRow::release);
    status.live = release != state_.releases.end() && release->live;
  }
  const PhaseRow* open = state_.half_done(id);
  if (open != nullptr) status.begun_in = open->release;
  if (open != nullptr && open->direction == Direction::undo) status.undoing = open->phase;
  if (open != nullptr && open->phase == Phase::backfill && !status.undoing) {
    ZDM_TRY(status.backfill, backfill_of(session_.work(), open->run));
  }
  return status;
}

/// Those of the files first, in their order; then those that only the ledger knows.
std::vector<MigrationId> listed(const LedgerState& state,
                                const std::vector<Migration>& migrations) {
  std::vector<MigrationId> ids;
  for (const Migration& migration : migrations) ids.push_back(migration.id);
  for (const MigrationRow& row : state.migrations) {
    if (find_migration(migrations, row.id) == nullptr && state.started(row.id)) {
      ids.push_back(row.id);
    }
  }
  return ids;
}

}  // namespace

Result<StatusReport> status(const Environment& environment,
                            const std::vector<Migration>& migrations,
                            const std::vector<MigrationId>& only) {
  ZDM_TRY(const auto session, Session::open(environment));
  ZDM_TRY(const LedgerState state, load_state(*session));
  const auto ids = listed(state, migrations);
  for (const MigrationId& id : only) {
    if (std::ranges::find(ids, id) == ids.end()) ZDM_CHECK(check_names(migrations, {id}));
  }
  StatusReport report;
  Status reader(*session, state, migrations);
  for (const MigrationId& id : ids) {
    if (!is_selected(only, id)) continue;
    ZDM_TRY(auto one, reader.of(id));
    report.migrations.push_back(std::move(one));
  }
  if (state.exists) {
    ZDM_TRY(report.lease_holder, lease_holder(session->work(), environment.target));
  }
  return report;
}

}  // namespace zdm::migrations
