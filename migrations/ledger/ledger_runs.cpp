// Phase runs and their stored steps.

#include <fmt/format.h>

#include "ledger/fields.hpp"
#include "ledger/ledger.hpp"
#include "ledger/model_json.hpp"
#include "ledger/schema.hpp"

namespace zdm::migrations {
namespace {

using ledger::or_null;

std::string_view to_text(Direction direction) {
  return direction == Direction::forward ? "forward" : "undo";
}

Direction direction_of(const Text& field) {
  return ledger::text(field) == "undo" ? Direction::undo : Direction::forward;
}

/// A word of the ledger that this zdm does not know: a later one wrote it.
tl::unexpected<Error> unknown_word(std::string_view column, const std::string& word) {
  return planner::fail(
      ErrorCode::drift,
      fmt::format("the ledger has the {} \"{}\", which this zdm does not know", column, word),
      "use the zdm that wrote it, or a later one");
}

Result<PhaseRow> phase_row(const std::vector<Text>& row) {
  const auto phase = planner::parse_phase(ledger::text(row[1]));
  const auto state = planner::parse_phase_state(ledger::text(row[2]));
  if (!phase) {
    return unknown_word("phase", ledger::text(row[1]));
  }
  if (!state) {
    return unknown_word("state", ledger::text(row[2]));
  }
  return PhaseRow{.id = {ledger::text(row[0])},
                  .phase = *phase,
                  .state = *state,
                  .direction = direction_of(row[3]),
                  .release = ledger::text(row[4]),
                  .error = ledger::text(row[5]),
                  .finished = ledger::time(row[6]),
                  .run = ledger::number(row[7])};
}

Result<void> store_step(Connection& connection, const std::string& target, std::int64_t run,
                        std::size_t ordinal, const planner::Step& step) {
  ZDM_CHECK(
      connection.run(fmt::format(R"(INSERT INTO {} (run, ordinal, target, step, kind, definition)
                     VALUES ($1, $2, $3, $4, $5, $6))",
                                 table(connection.engine(), "step")),
                     {std::to_string(run), std::to_string(ordinal), target, step.id,
                      std::string(to_string(step.kind)), step_json(step)}));
  return {};
}

/// `set` changes one stored step; $1 and $2 are its key.
Result<void> change_step(Connection& connection, std::string_view set,
                         std::initializer_list<Text> parameters) {
  ZDM_TRY(const Rows rows,
          connection.run(fmt::format("UPDATE {} SET {} WHERE run = $1 AND ordinal = $2",
                                     table(connection.engine(), "step"), set),
                         parameters));
  if (rows.affected != 1) {
    return planner::fail(ErrorCode::drift, "a step that was running is no longer in the ledger",
                         "someone changed the tables of zdm by hand");
  }
  return {};
}

std::string finished(Engine engine) {
  return fmt::format("finished = {}", now_sql(engine));
}

}  // namespace

Result<std::vector<PhaseRow>> Ledger::phases(Connection& connection) const {
  const Engine engine = connection.engine();
  ZDM_TRY(const Rows found,
          connection.run(
              fmt::format(R"(SELECT migration, phase, state, direction, release, error, {}, run
                               FROM {} WHERE target = $1 ORDER BY run)",
                          ledger::epoch_sql(engine, "finished"), table(engine, "phase")),
              {target_}));
  std::vector<PhaseRow> phases;
  for (const auto& row : found.rows) {
    ZDM_TRY(PhaseRow phase, phase_row(row));
    phases.push_back(std::move(phase));
  }
  return phases;
}

Result<std::int64_t> Ledger::start_run(Connection& connection, const MigrationId& id, Phase phase,
                                       Direction direction, const std::string& release,
                                       const std::string& actor, const std::string& host,
                                       const std::vector<planner::Step>& steps) const {
  const Engine engine = connection.engine();
  const std::string way(to_text(direction));
  const std::string phase_text(to_string(phase));
  ZDM_TRY(const Rows entered,
          connection.run(
              fmt::format(R"(INSERT INTO {} (target, migration, phase, direction, state,
                                                        release, actor, host, zdm_version)
                                        VALUES ($1, $2, $3, $4, 'running', $5, $6, $7, $8)
                                        RETURNING run)",
                          table(engine, "phase_run")),
              {target_, id.value, phase_text, way, or_null(release), actor, host, version_}));
  const std::int64_t run = entered.first_integer();
  // The release of a phase stays the one that applied it while it is being undone.
  ZDM_CHECK(connection.run(
      fmt::format(R"(INSERT INTO {} AS p (target, migration, phase, state, direction, release, run)
                     VALUES ($1, $2, $3, 'running', $4, $5, $6)
                     ON CONFLICT (target, migration, phase) DO UPDATE
                        SET state = 'running', direction = excluded.direction, error = NULL,
                            finished = NULL, run = excluded.run,
                            release = CASE WHEN excluded.direction = 'undo' THEN p.release
                                           ELSE excluded.release END)",
                  table(engine, "phase")),
      {target_, id.value, phase_text, way, or_null(release), std::to_string(run)}));
  for (std::size_t i = 0; i < steps.size(); ++i) {
    ZDM_CHECK(store_step(connection, target_, run, i, steps[i]));
  }
  return run;
}

Result<std::vector<StepRow>> Ledger::steps(Connection& connection, std::int64_t run) const {
  ZDM_TRY(const Rows found,
          connection.run(
              fmt::format(R"(SELECT ordinal, definition, state, attempts, duration_ms, rows, error
                               FROM {} WHERE run = $1 ORDER BY ordinal)",
                          table(connection.engine(), "step")),
              {std::to_string(run)}));
  std::vector<StepRow> steps;
  for (const auto& row : found.rows) {
    ZDM_TRY(planner::Step step, parse_step(ledger::text(row[1])));
    steps.push_back({.run = run,
                     .ordinal = ledger::number<int>(row[0]),
                     .step = std::move(step),
                     .state = ledger::text(row[2]),
                     .attempts = ledger::number<int>(row[3]),
                     .duration_ms = ledger::number(row[4]),
                     .rows = ledger::number(row[5]),
                     .error = ledger::text(row[6])});
  }
  return steps;
}

Result<void> Ledger::step_started(Connection& connection, std::int64_t run, int ordinal) const {
  return change_step(
      connection,
      fmt::format("state = 'running', attempts = attempts + 1, error = NULL, started = {}",
                  now_sql(connection.engine())),
      {std::to_string(run), std::to_string(ordinal)});
}

Result<void> Ledger::step_done(Connection& connection, std::int64_t run, int ordinal,
                               std::int64_t duration_ms, std::int64_t rows) const {
  return change_step(
      connection,
      "state = 'done', error = NULL, duration_ms = $3, rows = $4, " + finished(connection.engine()),
      {std::to_string(run), std::to_string(ordinal), std::to_string(duration_ms),
       std::to_string(rows)});
}

Result<void> Ledger::step_failed(Connection& connection, std::int64_t run, int ordinal,
                                 const std::string& error) const {
  return change_step(connection, "state = 'failed', error = $3, " + finished(connection.engine()),
                     {std::to_string(run), std::to_string(ordinal), error});
}

Result<void> Ledger::replace_step(Connection& connection, std::int64_t run, int ordinal,
                                  const planner::Step& step) const {
  return change_step(connection, "definition = $3, step = $4, kind = $5",
                     {std::to_string(run), std::to_string(ordinal), step_json(step), step.id,
                      std::string(to_string(step.kind))});
}

Result<void> Ledger::finish_run(Connection& connection, std::int64_t run, PhaseState state,
                                const std::string& error) const {
  const Engine engine = connection.engine();
  const std::string word(to_string(state));
  ZDM_CHECK(connection.run(fmt::format("UPDATE {} SET state = $2, error = $3, {} WHERE run = $1",
                                       table(engine, "phase_run"), finished(engine)),
                           {std::to_string(run), word, or_null(error)}));
  ZDM_CHECK(connection.run(fmt::format("UPDATE {} SET state = $2, error = $3, {} WHERE run = $1",
                                       table(engine, "phase"), finished(engine)),
                           {std::to_string(run), word, or_null(error)}));
  return {};
}

}  // namespace zdm::migrations
