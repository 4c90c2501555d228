#include "recipes/assemble.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <set>

#include "locks/claims.hpp"
#include "recipes/statements.hpp"
#include "sql/quote.hpp"
#include "sync/pair.hpp"

namespace zdm::planner {

namespace {

template <class T>
void append(std::vector<T>& to, std::vector<T> from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

/// One transaction, or one pass over the table, for all changes of the migration on that table.
bool merges(Slot slot) {
  switch (slot) {
    case Slot::shape:
    case Slot::sync:
    case Slot::fill:
    case Slot::verify:
    case Slot::promise:
    case Slot::exchange:
    case Slot::retire:
      return true;
    case Slot::validate:
    case Slot::build:
    case Slot::retire_concurrently:
      return false;
  }
  return false;
}

void merge_sync(SyncAction& into, SyncAction from) {
  append(into.enter, std::move(from.enter));
  append(into.leave, std::move(from.leave));
  append(into.before, std::move(from.before));
  append(into.after, std::move(from.after));
}

void merge_action(Step& into, Step& from) {
  if (auto* sync = std::get_if<SyncAction>(&from.action)) {
    if (auto* present = std::get_if<SyncAction>(&into.action)) {
      merge_sync(*present, std::move(*sync));
    } else {
      sync->before.insert(sync->before.begin(), std::make_move_iterator(into.sql.begin()),
                          std::make_move_iterator(into.sql.end()));
      into.sql.clear();
      into.action = std::move(*sync);
    }
  } else if (auto* present = std::get_if<SyncAction>(&into.action)) {
    append(present->after, std::move(from.sql));
    from.sql.clear();
  } else if (auto* fill = std::get_if<BackfillAction>(&from.action)) {
    auto& first = std::get<BackfillAction>(into.action);
    append(first.fills, std::move(fill->fills));
    first.user_triggers = std::max(first.user_triggers, fill->user_triggers);
    first.trigger = first.trigger || fill->trigger;
  } else if (auto* verify = std::get_if<VerifyAction>(&from.action)) {
    append(std::get<VerifyAction>(into.action).fills, std::move(verify->fills));
  }
}

std::string joined(const std::string& one, const std::string& two) {
  if (one.empty() || one == two) return two;
  return two.empty() ? one : fmt::format("{}; {}", one, two);
}

void merge(Step& into, Step from) {
  merge_action(into, from);
  append(into.sql, std::move(from.sql));
  into.locks = Claims().merge(into.locks).merge(from.locks).list();
  into.destructive = into.destructive || from.destructive;
  into.rewrites = into.rewrites || from.rewrites;
  into.scans = into.scans || from.scans;
  into.note = joined(into.note, from.note);
  append(into.guards, std::move(from.guards));
  append(into.records, std::move(from.records));
  append(into.effects, std::move(from.effects));
}

TableRules rules_of(const SyncAction& action, const Catalog& catalog, const Progress& progress) {
  if (const auto* table = catalog.table(action.table)) {
    if (const auto* rules = progress.rules(*table)) return *rules;
    return TableRules{.table = table->name, .table_oid = table->oid};
  }
  return TableRules{.table = action.table};
}

Result<void> compose(Step& step, const Migration& migration, const Catalog& catalog,
                     const Progress& progress) {
  auto* action = std::get_if<SyncAction>(&step.action);
  if (action == nullptr) return {};
  const auto rules = rules_of(*action, catalog, progress);
  action->generation = rules.generation;
  if (!action->enter.empty()) {
    const auto* known = catalog.table(action->table);
    const Table table = known != nullptr ? *known : Table{.name = action->table};
    const auto claims = pair_claims(catalog, table, !rules.rules.empty());
    step.locks = Claims().merge(step.locks).merge(claims).list();
  }
  ZDM_TRY(step.sql, compose_sync(*action, migration.id, rules, renamed_by(catalog, step)));
  return {};
}

/// A change sees the indexes that those before it in the file make, yet its part of the one pass
/// over the table runs before they are built: a claim is about what exists before the step.
void forget_later_indexes(std::vector<Step>& steps, const Catalog& catalog) {
  std::set<std::string, std::less<>> later;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    for (const auto& effect : step->effects) {
      const auto* put = std::get_if<PutIndex>(&effect);
      if (put == nullptr) continue;
      const auto* table = catalog.table(put->table);
      if (table != nullptr && table->index(put->index.name.name) != nullptr) continue;
      later.insert(quote(put->index.name));
    }
    if (step->kind != StepKind::backfill && step->kind != StepKind::verify) continue;
    std::erase_if(step->locks, [&](const auto& claim) { return later.contains(claim.relation); });
  }
}

/// SQLite: a step that replaces the table's text must find the text it was planned on (law 11):
/// what another migration did to it meanwhile would be taken back, and rows be read by the wrong
/// columns.
void guard_table_text(Step& step, const TableName& name, const Catalog& catalog) {
  const auto edits = [](const std::string& sql) { return sql == statements::kSchemaWritable; };
  const auto* table = catalog.table(name);
  if (catalog.engine != Engine::sqlite || catalog.assumed || table == nullptr) return;
  if (std::ranges::none_of(step.sql, edits)) return;
  step.guards.push_back(
      {.query =
           fmt::format("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = "
                       "{} AND sql = {})",
                       quote_literal(table->name.name, Engine::sqlite),
                       quote_literal(table->sql, Engine::sqlite)),
       .message = fmt::format("the definition of table {} has changed since this step was planned",
                              quote(table->name)),
       .hint = "plan it anew: zdm rollback, then zdm apply --resume"});
}

/// Switch relies on both shapes being right, and contract drops one of them.
void guard_pair(Fragment& fragment, const Migration& migration, const Catalog& catalog,
                const Progress& progress) {
  const bool relies = fragment.slot == Slot::exchange || fragment.slot == Slot::retire;
  const auto* table = catalog.table(fragment.table);
  if (!relies || table == nullptr || fragment.step.kind != StepKind::transaction) return;
  const auto* rules = progress.rules(*table);
  if (rules == nullptr) return;
  auto guard = rules->has_any_of(migration.id) ? pair_guard(catalog, *table) : std::nullopt;
  if (guard) fragment.step.guards.push_back(std::move(*guard));
}

/// A sync step that changes no rule and says nothing is no step.
bool says_nothing(const Step& step) {
  const bool works = std::holds_alternative<BackfillAction>(step.action) ||
                     std::holds_alternative<VerifyAction>(step.action);
  return !works && step.sql.empty() && step.records.empty();
}

}  // namespace

Result<std::vector<Step>> assemble(std::vector<Fragment> fragments, Phase phase, bool undo,
                                   const Migration& migration, const Catalog& catalog,
                                   const Progress& progress) {
  std::ranges::stable_sort(fragments, {}, &Fragment::slot);
  std::vector<Fragment> merged;
  for (auto& fragment : fragments) {
    const auto same = std::ranges::find_if(merged, [&](const Fragment& each) {
      return merges(fragment.slot) && each.slot == fragment.slot && each.table == fragment.table;
    });
    if (same == merged.end()) {
      merged.push_back(std::move(fragment));
    } else {
      merge(same->step, std::move(fragment.step));
    }
  }
  std::vector<Step> steps;
  Catalog current = catalog;
  Progress recorded = progress;
  for (auto& fragment : merged) {
    auto& step = fragment.step;
    ZDM_CHECK(compose(step, migration, current, recorded));
    guard_table_text(step, fragment.table, current);
    if (!undo) guard_pair(fragment, migration, current, recorded);
    if (says_nothing(step)) continue;
    step.id = fmt::format("{}{}.{}", undo ? "undo-" : "", to_string(phase), steps.size() + 1);
    for (const auto& effect : step.effects) {
      Step one;
      one.effects = {effect};
      current = advance(std::move(current), one);
    }
    recorded = advance(std::move(recorded), step, migration.id, current);
    steps.push_back(std::move(step));
  }
  forget_later_indexes(steps, catalog);
  return steps;
}

}  // namespace zdm::planner
