#include "recipes/drop_column.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <iterator>

#include "locks/claims.hpp"
#include "model/migration.hpp"
#include "recipes/check.hpp"
#include "recipes/column_replacement.hpp"
#include "recipes/guarantee.hpp"
#include "recipes/server_checks.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "recipes/untracked.hpp"
#include "sql/quote.hpp"
#include "sql/sqlite_table.hpp"

namespace zdm::planner {

namespace {

constexpr std::array kKeys = {
    KeyInfo{"table", "table", true, "the table"},
    KeyInfo{"column", "name", true, "the column"},
    KeyInfo{"down", "expression", false,
            "its value over the row, written for the next release, which does not know it"},
};

struct Site : guarantee::Site {
  const DropColumnChange& words;
  Column column;
  std::optional<Assignment> down;

  [[nodiscard]] bool sqlite() const { return context.catalog.engine == Engine::sqlite; }
  [[nodiscard]] bool writes() const { return down && !words.common.dual_write_app; }
};

Result<Site> site_of(const Context& context, const DropColumnChange& words, const Table& table) {
  ZDM_TRY(Column column, recorded_column(context, table, "old:" + words.column, words.column));
  Site site{{context, table}, words, std::move(column), std::nullopt};
  if (words.common.down) {
    ZDM_TRY(auto down, assignment(context, table, words.column, *words.common.down, "`down`"));
    down.type = table.assumed ? std::string{} : site.column.type;
    site.down = std::move(down);
  }
  return site;
}

bool stands_on(const Site& site, const std::vector<int>& attnums) {
  return std::ranges::find(attnums, site.column.attnum) != attnums.end();
}

/// What would vanish with the column although nobody said so (law 10): indexes and constraints that
/// other columns share. Those on the column alone go with it, explicitly.
Result<void> refuse_shared(const Site& site) {
  const auto no = [&](std::string_view what, const std::string& name, std::string_view why,
                      std::string_view hint) {
    return fail_at(where_of(site.context), ErrorCode::refused,
                   fmt::format("{} cannot go: {} {} {}", describe(site.table, site.words.column),
                               what, quote_identifier(name), why),
                   std::string(hint));
  };
  for (const auto& index : site.table.indexes) {
    if (!stands_on(site, index.attnums)) continue;
    if (index.primary)
      return no("primary key", index.name.name, "holds it", "choose another primary key first");
    if (index.replica_identity) {
      return no("index", index.name.name, "is the table's replica identity",
                "move the replica identity first: ALTER TABLE … REPLICA IDENTITY");
    }
    if (site.sqlite() && index.definition.empty()) {
      return no("UNIQUE constraint", index.name.name, "holds it, and SQLite cannot drop one",
                "rebuild the table with kind = \"sql\"");
    }
    if (index.attnums.size() > 1) {
      return no("index", index.name.name, "also covers other columns and would vanish with it",
                "replace or drop the index in an earlier migration");
    }
  }
  for (const auto& constraint : site.table.constraints) {
    if (!stands_on(site, constraint.attnums) || constraint.attnums.size() < 2) continue;
    return no("constraint", constraint.name, "also covers other columns and would vanish with it",
              "drop the constraint in an earlier migration");
  }
  if (std::ranges::find(site.table.partition_key, site.column.attnum) !=
      site.table.partition_key.end()) {
    return no("partition key", site.table.name.name, "reads it",
              "a partition key cannot be dropped");
  }
  return {};
}

void add_check(const Site& site, Recipe& recipe) {
  if (!site.writes() || site.sqlite() || is_forecast(site.context, site.table)) return;
  const auto what = fmt::format("`down` of {}", describe(site.table, site.words.column));
  recipe.checks.push_back(statements::accepts_update(site.table, *site.down, what));
  look_at_foreign_partitions(site.context, site.table, recipe);
  std::ranges::move(statements::callable_by_writers(site.table, *site.down, what),
                    std::back_inserter(recipe.checks));
}

Recipe expand(const Site& site) {
  Recipe recipe;
  add_check(site, recipe);
  warn_of_functions(site.context, site.table, site.column, recipe);
  look_at_users_of_sequences(site.context, site.table, site.words.column, recipe);
  look_at_users_of_constraints_on(site.context, site.table, site.words.column, recipe);
  look_at_stored_rows(site.context, site.table, {site.words.column}, recipe);
  auto note = guarantee::fragment(site, Slot::shape, StepKind::transaction,
                                  "nothing changes yet: the column's identity is recorded");
  note.step.records = {RecordColumn{.change = site.context.change,
                                    .role = "old:" + site.words.column,
                                    .table = site.table.name,
                                    .column = site.words.column}};
  recipe.fragments.push_back(std::move(note));
  return recipe;
}

/// A writer that leaves the column out fails.
bool demands_a_value(const Site& site) {
  return site.column.not_null && site.column.default_sql.empty();
}

/// SQLite: gives the column NOT NULL or takes it away, in the text of the table.
Result<std::vector<std::string>> with_not_null(const Site& site, bool not_null, Step& step) {
  ZDM_TRY(const std::string text, sqlite_set_not_null(site.table.sql, site.words.column, not_null));
  auto column = site.column;
  column.not_null = not_null;
  step.effects.emplace_back(PutColumn{site.table.name, column});
  std::vector<std::string> sql;
  statements::edit_sqlite_schema(site.table, text, step, sql);
  return sql;
}

/// The column had NOT NULL before the migration began.
bool was_not_null(const Site& site) {
  const auto* before = site.context.progress.table_before(site.table.name);
  const auto* old = before == nullptr ? nullptr : before->column(site.words.column);
  return old != nullptr && old->not_null;
}

Result<Recipe> backfill(const Site& site) {
  Recipe recipe;
  if (!site.writes()) return recipe;
  auto sync = guarantee::fragment(site, Slot::sync, StepKind::transaction,
                                  "from here on writes that leave the column out fill it");
  SyncRule rule{.migration = site.context.migration.id, .change = site.context.change};
  rule.old_side = {{.name = site.words.column,
                    .default_sql = site.column.default_sql,
                    .default_kind = site.column.default_kind,
                    .not_null = site.column.not_null}};
  rule.backward = {*site.down};
  rule.on_error = site.words.common.on_error;
  SyncAction action{.table = site.table.name, .enter = {rule}};
  if (site.sqlite() && demands_a_value(site) && !site.table.sql.empty()) {
    // SQLite's trigger comes after the row is checked: NOT NULL is the trigger's from here on.
    ZDM_TRY(action.before, with_not_null(site, false, sync.step));
  }
  sync.step.action = std::move(action);
  if (!site.sqlite()) add_check(site, recipe);
  recipe.fragments.push_back(std::move(sync));
  return recipe;
}

/// The next release leaves the column out, so what demands a value of it must go: NOT NULL without
/// a default and without `down`.
Result<Recipe> exchange(const Site& site) {
  Recipe recipe;
  if (site.writes() || !demands_a_value(site)) return recipe;
  if (site.sqlite()) {
    return fail_at(
        where_of(site.context), ErrorCode::refused,
        fmt::format("{} is NOT NULL without a default: the next release, which does not know "
                    "it, could insert no row",
                    describe(site.table, site.words.column)),
        "give `down`, so that a trigger fills it");
  }
  auto step = guarantee::fragment(site, Slot::exchange, StepKind::transaction,
                                  "the running release may read NULL from rows of the next one");
  guarantee::drop_not_null(site, site.words.column, step.step);
  recipe.fragments.push_back(std::move(step));
  return recipe;
}

Result<Recipe> contract(const Site& site) {
  ZDM_CHECK(refuse_dependents(site.context, site.table, site.column));
  ZDM_CHECK(refuse_users_in_flight(site.context, site.table, site.words.column));
  ZDM_CHECK(refuse_shared(site));
  Recipe recipe;
  look_at_triggers_naming(site.context, site.table, site.column, recipe);
  look_at_users_of_sequences(site.context, site.table, site.words.column, recipe);
  look_at_users_of_constraints_on(site.context, site.table, site.words.column, recipe);
  look_at_stored_rows(site.context, site.table, {site.words.column}, recipe);
  auto retire = guarantee::fragment(site, Slot::retire, StepKind::transaction,
                                    "the column goes for good; there is no way back from here");
  retire.step.destructive = true;
  retire.step.rewrites = site.sqlite();
  retire.step.guards =
      column_guard(site.context, site.table, "old:" + site.words.column, site.column);
  SyncAction action{.table = site.table.name};
  if (site.writes()) action.leave = {site.context.change};
  for (const auto& constraint : site.table.constraints) {
    if (constraint.kind == ConstraintKind::not_null || !stands_on(site, constraint.attnums))
      continue;
    if (!site.sqlite())
      guarantee::drop_constraint(site, constraint.name, retire.step, action.after);
  }
  for (const auto& index : site.table.indexes) {
    if (!stands_on(site, index.attnums) || !index.constraint.empty()) continue;
    action.after.push_back(statements::drop_index(index.name));
    retire.step.effects.emplace_back(DropIndex{site.table.name, index.name.name});
    if (!site.sqlite()) {
      retire.step.locks =
          Claims().merge(retire.step.locks).add(index.name, LockMode::access_exclusive).list();
    }
  }
  action.after.push_back(statements::drop_column(site.table, site.words.column));
  retire.step.effects.emplace_back(DropColumn{site.table.name, site.words.column});
  if (!site.sqlite()) {
    retire.step.locks =
        Claims().merge(retire.step.locks).table(site.table, LockMode::access_exclusive).list();
  }
  retire.step.action = std::move(action);
  recipe.fragments.push_back(std::move(retire));
  return recipe;
}

}  // namespace

const KindInfo& DropColumnChange::info() {
  static constexpr KindInfo info{
      .kind = "drop_column",
      .summary = "drops a column, one release after the one that stopped using it",
      .keys = kKeys,
      .common_keys = "on_error user_triggers dual_write",
      .expand = "the column's identity is recorded; its dependents refuse the migration",
      .backfill = "with `down`, a trigger fills it for writes of the release that leaves it out",
      .switch_ = "a NOT NULL that the next release could not meet is dropped",
      .contract = "the trigger goes, and the column with its own indexes and constraints",
      .undo = "trigger and NOT NULL are put back; the column itself was never touched",
      .sqlite = true,
      .example =
          "[[change]]\nkind   = \"drop_column\"\ntable  = \"users\"\ncolumn = \"nickname\"\n"};
  return info;
}

Result<DropColumnChange> DropColumnChange::decode(KeyReader& keys) {
  DropColumnChange change;
  ZDM_TRY(change.table, keys.table("table"));
  ZDM_TRY(change.column, keys.identifier("column"));
  ZDM_TRY(change.common, keys.common());
  if (change.common.up) {
    return fail_at(keys.where("up"), ErrorCode::usage,
                   "drop_column has no new shape to fill: it takes no `up`",
                   "did you mean `down`?");
  }
  return change;
}

CatalogRequest DropColumnChange::needs() const {
  return {.tables = {table}};
}

Result<Recipe> DropColumnChange::plan(const Context& context) const {
  ZDM_TRY(const Table subject, subject_table(context, table));
  ZDM_TRY(const auto site, site_of(context, *this, subject));
  switch (context.phase) {
    case Phase::expand:
      ZDM_CHECK(refuse_dependents(context, subject, site.column));
      ZDM_CHECK(refuse_shared(site));
      ZDM_CHECK(refuse_in_flight(context, subject, column));
      if (site.down) ZDM_CHECK(refuse_going(context, subject, site.down->reads, "`down`"));
      return expand(site);
    case Phase::backfill:
      return backfill(site);
    case Phase::switch_:
      return exchange(site);
    case Phase::contract:
      return contract(site);
  }
  return fail(ErrorCode::bug, "unknown phase");
}

Result<Recipe> DropColumnChange::undo(const Context& context) const {
  ZDM_TRY(const Table subject, subject_table(context, table));
  ZDM_TRY(const auto site, site_of(context, *this, subject));
  Recipe recipe;
  if (context.phase == Phase::expand) {
    auto step = guarantee::fragment(site, Slot::retire, StepKind::transaction, "");
    guarantee::forget(site, "old:", step.step);
    if (!step.step.records.empty()) recipe.fragments.push_back(std::move(step));
  } else if (context.phase == Phase::backfill && site.writes()) {
    auto retire = guarantee::fragment(site, Slot::retire, StepKind::transaction, "");
    SyncAction action{.table = subject.name, .leave = {context.change}};
    if (site.sqlite() && was_not_null(site) && !site.column.not_null && !subject.sql.empty()) {
      ZDM_TRY(action.after, with_not_null(site, true, retire.step));
    }
    retire.step.action = std::move(action);
    if (!site.sqlite()) {
      retire.step.locks = Claims().table(subject, LockMode::access_exclusive).list();
    }
    recipe.fragments.push_back(std::move(retire));
  } else if (context.phase == Phase::switch_) {
    if (site.sqlite() || !was_not_null(site) || site.column.not_null) return recipe;
    const auto helper = guarantee::not_null_name(site, column);
    guarantee::promise_not_null(site, column, recipe);
    auto step = guarantee::fragment(site, Slot::exchange, StepKind::transaction,
                                    "proven by the validated check: no scan");
    guarantee::set_not_null(site, column, step.step);
    step.step.sql.push_back(statements::drop_constraint(subject, helper));
    step.step.effects.emplace_back(DropConstraint{subject.name, helper});
    recipe.fragments.push_back(std::move(step));
  }
  return recipe;
}

}  // namespace zdm::planner
