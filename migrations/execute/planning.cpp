#include "execute/planning.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "database/catalog_reader.hpp"
#include "database/errors.hpp"
#include "execute/steps.hpp"
#include "sync/pair.hpp"

namespace zdm::migrations {

Result<View> read_view(Session& session, const planner::Migration& migration) {
  View view;
  const auto request = planner::catalog_request(migration);
  ZDM_CHECK(session.snapshot([&](Connection& work) -> Result<void> {
    ZDM_TRY(view.catalog, read_catalog(work, request));
    ZDM_TRY(view.progress, session.ledger().progress(work, migration.id));
    return {};
  }));
  return view;
}

Result<planner::Steps> plan_checked(const planner::Migration& migration, Phase phase,
                                    Direction direction, const planner::Catalog& catalog,
                                    const planner::Progress& progress) {
  const bool undo = direction == Direction::undo;
  ZDM_TRY(auto steps, undo ? planner::plan_undo(migration, phase, catalog, progress)
                           : planner::plan_phase(migration, phase, catalog, progress));
  ZDM_CHECK(planner::verify_plan(steps, phase, undo));
  return steps;
}

namespace {

/// Between BEGIN and ROLLBACK, where nothing can be written.
Result<void> ask(Connection& work, const planner::Check& check) {
  const auto rows = work.run(check.query);
  if (rows && (!check.answers || rows->first_true())) return {};
  if (!rows && passes(rows.error())) return planner::fail(rows.error());
  Error error{.code = ErrorCode::refused, .message = check.message, .hint = check.hint};
  if (!check.where.file.empty()) error.where = check.where;
  if (rows && rows->columns.size() > 1) {
    error.message = fmt::format("{} ({})", check.message, rows->first(1));
  }
  if (!rows) {
    error.sqlstate = rows.error().sqlstate;
    error.statement = rows.error().statement;
    error.message = rows.error().message;
    if (explain_hidden_rows(error, check.table)) return planner::fail(std::move(error));
    error.message = fmt::format("{}: {}", check.message, rows.error().message);
    // The expression may be right: with_hint() says what a missing privilege needs.
    if (classify(error.sqlstate) == Trouble::privilege) {
      error.hint.clear();
      if (check.of_type) error.message = rows.error().message;
    }
  }
  return planner::fail(std::move(error));
}

Result<void> ask_alone(Connection& work, const planner::Check& check) {
  if (work.engine() == Engine::postgresql) ZDM_CHECK(work.run("SET TRANSACTION READ ONLY"));
  return ask(work, check);
}

}  // namespace

Result<void> run_checks(Session& session, const planner::Steps& steps) {
  for (const planner::Check& check : steps.checks) {
    if (session.allowed(check.hazard)) continue;
    // A transaction each, rolled back: the first error ends the one it happens in.
    ZDM_CHECK(session.transact({.claims = {},
                                .body = [&](Connection& work) { return ask_alone(work, check); },
                                .settled = {},
                                .waiting = {},
                                .keep = false}));
  }
  return {};
}

Result<void> try_checks(Session& session, const planner::Steps& steps, Turn turn) {
  if (steps.checks.empty()) return {};
  return session.snapshot([&](Connection& work) -> Result<void> {
    // Of one snapshot a query has one answer, however many changes ask it.
    std::set<std::pair<std::string_view, bool>> passed;
    for (const planner::Check& check : steps.checks) {
      if (check.late && turn == Turn::later) continue;
      if (session.allowed(check.hazard)) continue;
      if (passed.emplace(check.query, check.answers).second) ZDM_CHECK(ask(work, check));
    }
    return {};
  });
}

namespace {

Result<std::int64_t> latest_run(Connection& connection, const Ledger& ledger, const MigrationId& id,
                                Phase phase) {
  ZDM_TRY(const auto rows, ledger.phases(connection));
  for (const PhaseRow& row : rows) {
    if (row.id == id && row.phase == phase) return row.run;
  }
  return 0;
}

Result<std::int64_t> write_run(Connection& work, const Session& session,
                               const RunRequest& request) {
  const Ledger& ledger = session.ledger();
  const Host& host = session.environment().host;
  const planner::Migration& migration = request.migration;
  ZDM_CHECK(ledger.put_migration(work, {.id = migration.id,
                                        .checksum = migration.checksum,
                                        .expressions_checksum = migration.expressions_checksum,
                                        .held = {}}));
  if (request.held) ZDM_CHECK(ledger.set_held(work, migration.id, request.held));
  for (const planner::Table& table : request.before) {
    ZDM_CHECK(ledger.put_table_before(work, migration.id, table));
  }
  const std::string actor = request.fresh ? host.user() + std::string(kFreshActor) : host.user();
  ZDM_TRY(const std::int64_t run,
          ledger.start_run(work, migration.id, request.phase, request.direction, request.release,
                           actor, host.hostname(), request.steps));
  if (request.done.empty()) return run;
  ZDM_TRY(const auto rows, ledger.steps(work, run));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (request.done[i]) ZDM_CHECK(ledger.step_done(work, run, rows[i].ordinal, 0, 0));
  }
  return run;
}

}  // namespace

Result<std::int64_t> store_run(Session& session, const RunRequest& request) {
  const Ledger& ledger = session.ledger();
  const MigrationId& id = request.migration.id;
  ZDM_TRY(const std::int64_t before, session.read([&](Connection& work) {
    return latest_run(work, ledger, id, request.phase);
  }));
  std::int64_t run = 0;
  Work work;
  work.body = [&](Connection& connection) -> Result<void> {
    ZDM_TRY(run, write_run(connection, session, request));
    return {};
  };
  work.settled = [&](Connection& connection) -> Result<bool> {
    ZDM_TRY(run, latest_run(connection, ledger, id, request.phase));
    return run != before;
  };
  ZDM_CHECK(session.transact(work));
  return run;
}

Result<std::int64_t> carry_on(Session& session, std::int64_t run) {
  Work work;
  work.body = [&](Connection& connection) {
    return session.ledger().finish_run(connection, run, PhaseState::running, "");
  };
  ZDM_CHECK(session.transact(work));
  return run;
}

namespace {

/// Asked before a phase is begun, when nothing has to be taken back yet; its guards ask
/// again within their transactions.
Result<void> require_pairs(Session& session, const planner::Migration& migration, Phase phase,
                           const View& view) {
  if (phase < Phase::switch_) return {};
  for (const planner::TableRules& rules : view.progress.tables) {
    const planner::Table* table = view.catalog.table(rules.table);
    if (!rules.has_any_of(migration.id) || table == nullptr) continue;
    const auto guard = planner::pair_guard(view.catalog, *table);
    if (!guard) continue;
    const planner::Check check{.table = table->name,
                               .columns = {},
                               .query = guard->query,
                               .message = guard->message,
                               .hint = guard->hint};
    ZDM_CHECK(session.snapshot([&](Connection& work) { return ask(work, check); }));
  }
  return {};
}

/// Contract compares both shapes before it is begun: what it drops is gone, and it moves the floor.
/// Says which of its steps that leaves done.
Result<std::vector<bool>> look_before_drops(Session& session, Phase phase,
                                            const std::vector<planner::Step>& steps,
                                            const Comparing& comparing) {
  std::vector<bool> done;
  if (phase != Phase::contract) return done;
  for (const planner::Step& step : steps) {
    const auto* action = std::get_if<planner::VerifyAction>(&step.action);
    done.push_back(action != nullptr);
    if (action == nullptr) continue;
    comparing(step);
    ZDM_CHECK(require_agreement(session, *action, Shapes::new_alone));
  }
  return done;
}

/// The steps of a begun run that drop what stands on the table are done.
bool is_dropped(const std::vector<StepRow>& rows, const planner::TableName& table) {
  return std::ranges::any_of(rows, [&](const StepRow& row) {
    const auto* action = std::get_if<planner::SyncAction>(&row.step.action);
    return row.state == "done" && row.step.destructive && action != nullptr &&
           action->table == table;
  });
}

/// That the columns are still those the steps name: else the values of others would be compared.
Result<void> check_drop_guards(Session& session, const std::vector<StepRow>& rows,
                               const planner::TableName& table) {
  for (const StepRow& row : rows) {
    const auto* action = std::get_if<planner::SyncAction>(&row.step.action);
    if (action == nullptr || !row.step.destructive || action->table != table) continue;
    ZDM_CHECK(session.snapshot([&](Connection& work) { return check_guards(work, row.step); }));
  }
  return {};
}

}  // namespace

Result<void> look_again(Session& session, std::int64_t run, const Comparing& comparing) {
  ZDM_TRY(const auto rows, session.steps(run));
  for (const StepRow& row : rows) {
    const auto* action = std::get_if<planner::VerifyAction>(&row.step.action);
    if (action == nullptr || row.state != "done" || is_dropped(rows, action->table)) continue;
    ZDM_CHECK(check_drop_guards(session, rows, action->table));
    comparing(row.step);
    ZDM_CHECK(require_agreement(session, *action, Shapes::new_alone));
  }
  return {};
}

Result<std::int64_t> plan_and_store(Session& session, const planner::Migration& migration,
                                    Phase phase, const std::string& release, bool fresh,
                                    const Comparing& comparing) {
  ZDM_TRY(View view, read_view(session, migration));
  ZDM_TRY(planner::Steps planned,
          plan_checked(migration, phase, Direction::forward, view.catalog, view.progress));
  ZDM_CHECK(run_checks(session, planned));
  ZDM_CHECK(require_pairs(session, migration, phase, view));
  ZDM_TRY(auto done, look_before_drops(session, phase, planned.steps, comparing));
  RunRequest request{.migration = migration,
                     .phase = phase,
                     .direction = Direction::forward,
                     .release = release,
                     .held = {},
                     .steps = std::move(planned.steps),
                     .done = std::move(done),
                     .before = {},
                     .fresh = fresh};
  if (phase == Phase::expand) request.before = std::move(view.catalog.tables);
  return store_run(session, request);
}

}  // namespace zdm::migrations
