#include "gate/own.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "execute/operations.hpp"
#include "recipes/change.hpp"

namespace zdm::migrations {

using planner::Migration;
using planner::Phase;
using planner::Result;
using planner::SqlFile;

namespace {

const std::optional<planner::SqlText>& text_of(const planner::SqlChange& change, Phase phase) {
  switch (phase) {
    case Phase::expand:
      return change.expand;
    case Phase::backfill:
      return change.backfill;
    case Phase::switch_:
      return change.switch_;
    case Phase::contract:
      break;
  }
  return change.contract;
}

bool is_authored(const planner::Change& change) {
  return std::holds_alternative<planner::SqlChange>(change.kind);
}

/// The author's own statements of one phase.
void add_authored(const Migration& migration, Phase phase, std::vector<SqlFile>& files) {
  for (const planner::Change& change : migration.changes) {
    const auto* sql = std::get_if<planner::SqlChange>(&change.kind);
    if (sql == nullptr) continue;
    const auto& text = text_of(*sql, phase);
    if (!text) continue;
    SqlFile file{.path = migration.path, .bytes = text->text, .shipped = text->text};
    file.wrapping = planner::Wrapping::transaction;
    file.source = std::make_shared<const planner::Value>(text->source);
    files.push_back(std::move(file));
  }
}

void add_planned(const Migration& migration, const planner::PhasePlan& phase,
                 std::vector<SqlFile>& files) {
  for (const planner::Step& step : phase.steps) {
    SqlFile file{.path = migration.path};
    for (const auto& statement : step.sql) file.bytes += statement + ";\n";
    file.shipped = file.bytes;
    if (step.in_transaction) file.wrapping = planner::Wrapping::transaction;
    file.planned_for = migration.changes.front().where;
    files.push_back(std::move(file));
  }
}

/// The migration without the author's own statements, which are looked at where they stand.
Migration without_authored(Migration migration) {
  std::erase_if(migration.changes, is_authored);
  return migration;
}

}  // namespace

Result<OwnSql> plan_own(planner::Engine engine, const std::vector<Migration>& migrations,
                        const planner::Base& base) {
  std::vector<Migration> planned;
  for (const Migration& migration : migrations) planned.push_back(without_authored(migration));
  ZDM_TRY(const auto plans, plan_offline(engine, migrations, {}));
  if (plans.error) return planner::fail(*plans.error);
  ZDM_TRY(const auto recipes, plan_offline(engine, planned, {}));
  if (recipes.error) return planner::fail(*recipes.error);
  OwnSql own;
  for (std::size_t at = 0; at < migrations.size(); ++at) {
    const Migration& migration = migrations[at];
    const auto shipped = planner::shipped_phase(migration, base);
    auto& work = own.work[migration.id];
    for (const Phase phase : planner::kPhases) {
      const auto number = static_cast<std::size_t>(phase);
      work.at(number) = !plans.migrations[at].phases[number].steps.empty();
      if (phase > migration.phase) continue;
      auto& files = shipped && phase <= *shipped ? own.shipped : own.head;
      if (engine == planner::Engine::postgresql) {
        add_planned(migration, recipes.migrations[at].phases[number], files);
      }
      add_authored(migration, phase, files);
    }
  }
  return own;
}

std::vector<planner::Finding> unread_texts(const std::vector<SqlFile>& files) {
  std::vector<planner::Finding> findings;
  for (const SqlFile& file : files) {
    if (!file.source) continue;
    planner::Finding finding{.rule = "unanalysed", .severity = planner::Severity::warning};
    finding.where = planner::place_of(*file.source, 0);
    finding.message = "the gate reads the SQL of PostgreSQL: nothing is known of these statements";
    finding.help = "see for yourself that no code that runs needs what they take away";
    finding.statement = file.bytes;
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace zdm::migrations
