#include "execute/rollback_refusals.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "execute/selection.hpp"
#include "execute/steps.hpp"
#include "recipes/footing.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

using planner::Migration;

bool mentions(const planner::SyncRule& rule, const std::string& column) {
  const auto is = [&](const planner::SyncColumn& each) { return each.name == column; };
  const auto reads = [&](const planner::Assignment& each) {
    return std::ranges::find(each.reads, column) != each.reads.end();
  };
  return std::ranges::any_of(rule.old_side, is) || std::ranges::any_of(rule.forward, reads) ||
         std::ranges::any_of(rule.backward, reads);
}

/// Whether another migration in flight stands on the column: by its rules, or, where it was only
/// expanded, by the column it recorded as its old one.
bool builds_on(const planner::RecordedColumn& column, const MigrationId& other,
               const planner::Progress& progress) {
  for (const planner::TableRules& rules : progress.tables) {
    if (rules.table != column.table) continue;
    for (const planner::SyncRule& rule : rules.rules) {
      if (rule.migration == other && mentions(rule, column.name)) return true;
    }
  }
  return std::ranges::any_of(progress.columns, [&](const planner::RecordedColumn& each) {
    return each.role.starts_with("old:") && each.table == column.table && each.name == column.name;
  });
}

/// One column copied to one other and back: a write that the other could not take has failed.
bool is_copied(const planner::SyncRule& rule) {
  if (rule.on_error != planner::OnError::fail) return false;
  if (rule.forward.size() != 1 || rule.backward.size() != 1) return false;
  const auto copies = [](const planner::Assignment& to, const planner::Assignment& from) {
    return to.expression == planner::quote_identifier(from.column);
  };
  return copies(rule.forward.front(), rule.backward.front()) &&
         copies(rule.backward.front(), rule.forward.front());
}

std::vector<planner::Fill> fills_to_compare(const planner::TableRules& rules,
                                            const Migration& migration) {
  std::vector<planner::Fill> fills;
  for (const planner::SyncRule& rule : rules.rules) {
    const bool two_ways = !rule.repair && !rule.forward.empty() && !rule.backward.empty();
    if (rule.migration != migration.id || !two_ways || is_copied(rule)) continue;
    fills.push_back({.migration = rule.migration,
                     .change = rule.change,
                     .assignments = rule.forward,
                     .inverse = rule.backward});
  }
  return fills;
}

/// Where a name without a schema is made.
Result<std::string> home_schema(Connection& connection) {
  if (connection.engine() == Engine::sqlite) return std::string("main");
  ZDM_TRY(const Rows rows, connection.run("SELECT current_schema()"));
  return rows.first();
}

/// What of these another migration names; empty: nothing, or its file is not here.
std::string standing_on(const planner::Made& made, const MigrationId& other,
                        const std::vector<Migration>& migrations, const std::string& home) {
  const Migration* file = find_migration(migrations, other);
  if (file == nullptr) return {};
  for (const planner::Change& change : file->changes) {
    if (auto found = planner::standing_on(made, change, home); !found.empty()) return found;
  }
  return {};
}

}  // namespace

Result<void> refuse_builders(Session& session, const LedgerState& state, const Migration& migration,
                             const std::vector<Phase>& phases) {
  const bool drops = std::ranges::any_of(phases, [](Phase each) { return each < Phase::switch_; });
  if (!drops) return {};
  const auto progress_of = [&](const MigrationId& id) {
    return session.read([&](Connection& work) { return session.ledger().progress(work, id); });
  };
  ZDM_TRY(const auto own, progress_of(migration.id));
  for (const MigrationRow& row : state.migrations) {
    const bool in_flight = state.started(row.id) && state.done(row.id) != Phase::contract;
    if (row.id == migration.id || !in_flight) continue;
    ZDM_TRY(const auto progress, progress_of(row.id));
    for (const planner::RecordedColumn& column : own.columns) {
      if (!column.role.starts_with("new:") || !builds_on(column, row.id, progress)) continue;
      return planner::fail(
          ErrorCode::refused,
          fmt::format("{} builds on column {}.{}, which undoing {} would drop", row.id.value,
                      planner::quote(column.table), planner::quote_identifier(column.name),
                      migration.id.value),
          fmt::format("roll it back first: zdm rollback --to none {}", row.id.value));
    }
  }
  return {};
}

Result<void> refuse_later(Session& session, const LedgerState& state,
                          const std::vector<Migration>& migrations, const Migration& migration,
                          const std::vector<Phase>& phases) {
  ZDM_TRY(const std::string home, session.read(home_schema));
  const auto refuse = [&](const MigrationId& other, const std::string& what) {
    return planner::fail(
        ErrorCode::refused,
        fmt::format("{} stands on {}, which {} made", other.value, what, migration.id.value),
        state.contracted(other)
            ? fmt::format("contract of {} has no way back: go on with {}, or write a new migration",
                          other.value, migration.id.value)
            : fmt::format("roll it back first: zdm rollback --to none {}", other.value));
  };
  for (const Phase phase : phases) {
    for (const planner::Change& change : migration.changes) {
      const auto made = planner::taken_back(change, phase);
      const PhaseRow* since =
          state.phase(migration.id, made.exchanged ? Phase::switch_ : Phase::expand);
      for (const MigrationRow& row : state.migrations) {
        const PhaseRow* begun = state.phase(row.id, Phase::expand);
        const bool later = begun != nullptr && since != nullptr && begun->run > since->run;
        if (!later || row.id == migration.id || !state.started(row.id)) continue;
        if (const auto what = standing_on(made, row.id, migrations, home); !what.empty()) {
          return refuse(row.id, what);
        }
      }
    }
  }
  return {};
}

Result<void> refuse_losses(Session& session, const Migration& migration, const ProgressSink& tell) {
  if (session.allowed("divergent-rows")) return {};
  ZDM_TRY(const auto progress, session.read([&](Connection& work) {
    return session.ledger().progress(work, migration.id);
  }));
  for (const planner::TableRules& rules : progress.tables) {
    planner::VerifyAction action{.table = rules.table, .fills = fills_to_compare(rules, migration)};
    if (action.fills.empty()) continue;
    if (tell) {
      ProgressEvent event;
      event.migration = migration.id;
      event.phase = Phase::backfill;
      event.text = "comparing every row before the new shape goes";
      tell(event);
    }
    ZDM_CHECK(require_agreement(session, action, Shapes::old_alone));
  }
  return {};
}

}  // namespace zdm::migrations
