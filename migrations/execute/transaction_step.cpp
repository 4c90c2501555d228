#include <fmt/format.h>

#include <string>
#include <utility>

#include "database/catalog_reader.hpp"
#include "execute/sqlite_step.hpp"
#include "execute/steps.hpp"
#include "recipes/plan.hpp"

namespace zdm::migrations {
namespace {

using planner::SyncAction;

constexpr std::string_view kDriftHint =
    "what is missing or changed was not done by zdm: compare zdm plan with the database";

Error drift(const planner::Guard& guard, const std::string& words) {
  return {.code = ErrorCode::drift,
          .message = words.empty() ? guard.message : fmt::format("{} ({})", guard.message, words),
          .hint = guard.hint.empty() ? std::string(kDriftHint) : guard.hint};
}

}  // namespace

Result<void> check_guards(Connection& work, const planner::Step& step) {
  for (const planner::Guard& guard : step.guards) {
    const auto rows = work.run(guard.query);
    if (!rows) {
      return planner::fail(passes(rows.error()) ? rows.error()
                                                : drift(guard, rows.error().message));
    }
    if (!rows->first_true()) return planner::fail(drift(guard, {}));
  }
  return {};
}

namespace {

/// The step as it must run now: its trigger composed anew when other rules of the table came or
/// went since it was planned (law 2).
Result<planner::Step> up_to_date(Connection& work, const PhaseRun& run, const StepRow& row) {
  planner::Step step = row.step;
  auto* action = std::get_if<SyncAction>(&step.action);
  if (action == nullptr) return step;
  const Ledger& ledger = run.session.ledger();
  ZDM_TRY(const planner::TableRules rules, ledger.table_rules(work, action->table));
  if (rules.generation == action->generation) return step;
  planner::CatalogRequest request;
  request.tables.push_back(action->table);
  ZDM_TRY(const planner::Catalog catalog, read_catalog(work, request));
  ZDM_TRY(step.sql,
          planner::compose_sync(*action, run.migration, rules, planner::renamed_by(catalog, step)));
  action->generation = rules.generation;
  ZDM_CHECK(ledger.replace_step(work, row.run, row.ordinal, step));
  return step;
}

Result<void> write_ledger(Connection& work, const PhaseRun& run, const planner::Step& step) {
  const Ledger& ledger = run.session.ledger();
  if (const auto* action = std::get_if<SyncAction>(&step.action)) {
    ZDM_CHECK(ledger.change_rules(work, run.migration, *action));
  }
  for (const planner::Effect& effect : step.effects) {
    const auto* rename = std::get_if<planner::RenameTable>(&effect);
    if (rename != nullptr) ZDM_CHECK(ledger.follow_rename(work, rename->from, rename->to));
  }
  for (const planner::Record& record : step.records) {
    ZDM_CHECK(ledger.record(work, run.migration, record));
  }
  return {};
}

}  // namespace

Result<StepOutcome> run_transaction_step(const PhaseRun& run, const StepRow& row) {
  const Ledger& ledger = run.session.ledger();
  const Host& host = run.session.environment().host;
  StepOutcome outcome;
  const auto body = [&](Connection& work) -> Result<void> {
    const auto start = host.steady();
    ++outcome.attempts;
    ZDM_CHECK(check_guards(work, row.step));
    ZDM_TRY(const planner::Step step, up_to_date(work, run, row));
    ZDM_TRY(outcome.rows, run_statements(work, step));
    ZDM_CHECK(write_ledger(work, run, step));
    return ledger.step_done(work, row.run, row.ordinal, elapsed_ms(host, start), outcome.rows);
  };
  ZDM_TRY(const auto without, WithoutForeignKeys::begin(run.session.work(), row.step));
  ZDM_CHECK(run.session.transact(
      {.claims = row.step.locks,
       .body = body,
       .settled = [&](Connection& work) { return step_is_done(work, ledger, row); },
       .waiting = run.waiting(row.step)}));
  return outcome;
}

}  // namespace zdm::migrations
