#include "recipes/set_not_null.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "locks/claims.hpp"
#include "model/migration.hpp"
#include "recipes/column_replacement.hpp"
#include "recipes/guarantee.hpp"
#include "recipes/server_checks.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "recipes/untracked.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

constexpr std::array kKeys = {
    KeyInfo{"table", "table", true, "the table"},
    KeyInfo{"column", "name", true, "the column"},
    KeyInfo{"up", "expression", false,
            "the value of a row that has none: rows and later writes of the running release are "
            "repaired with it"},
};

struct Words {
  Table table;
  Column column;
  std::optional<Assignment> repair;
};

Result<Words> words_of(const Context& context, const SetNotNull& change) {
  ZDM_CHECK(refuse_on_sqlite(context, "set NOT NULL", "ALTER TABLE has no such form"));
  Words words;
  ZDM_TRY(words.table, subject_table(context, change.table));
  ZDM_TRY(words.column, subject_column(context, words.table, change.column));
  if (change.common.up) {
    ZDM_TRY(auto repair,
            assignment(context, words.table, change.column, *change.common.up, "`up`"));
    repair.type = words.table.assumed ? std::string{} : words.column.type;
    words.repair = std::move(repair);
  }
  return words;
}

Fill fill_of(const Context& context, const Assignment& repair) {
  return {.migration = context.migration.id,
          .change = context.change,
          .assignments = {repair},
          .inverse = {},
          .repair = true};
}

void add_repair(const Context& context, const SetNotNull& change, const Words& words,
                Recipe& recipe) {
  const guarantee::Site site{context, words.table};
  SyncRule rule{.migration = context.migration.id, .change = context.change};
  rule.new_side = {{.name = change.column,
                    .default_sql = words.column.default_sql,
                    .default_kind = words.column.default_kind,
                    .not_null = true}};
  rule.forward = {*words.repair};
  rule.on_error = change.common.on_error;
  rule.repair = true;
  auto sync = guarantee::fragment(site, Slot::sync, StepKind::transaction,
                                  "from here on a write that leaves the column NULL is repaired");
  sync.step.action = SyncAction{.table = words.table.name, .enter = {rule}};
  sync.step.records = {guarantee::record(site, guarantee::not_null_role(change.column),
                                         guarantee::not_null_name(site, change.column))};
  recipe.fragments.push_back(std::move(sync));
  for (auto& each : fill_fragments(words.table, fill_of(context, *words.repair), change.common,
                                   true, Engine::postgresql)) {
    recipe.fragments.push_back(std::move(each));
  }
}

/// Nothing fills the column here: rows that hold NULL would refuse every later UPDATE of theirs.
void promise_without_repair(const guarantee::Site& site, const std::string& column,
                            Recipe& recipe) {
  if (!is_forecast(site.context, site.table)) {
    recipe.checks.push_back(statements::holds_for_all_rows(
        site.table, quote_identifier(column) + " IS NOT NULL",
        fmt::format("NOT NULL of {}", describe(site.table, column)), where_of(site.context)));
  }
  const auto helper = guarantee::not_null_name(site, column);
  guarantee::promise_not_null(site, column, recipe);
  const auto promise = std::ranges::find(recipe.fragments, Slot::promise, &Fragment::slot);
  promise->step.records.emplace_back(
      guarantee::record(site, guarantee::not_null_role(column), helper));
}

void add_check(const Context& context, const Words& words, Recipe& recipe) {
  if (!words.repair || is_forecast(context, words.table)) return;
  recipe.checks.push_back(statements::accepts_update(
      words.table, *words.repair,
      fmt::format("`up` of {}", describe(words.table, words.repair->column))));
}

}  // namespace

const KindInfo& SetNotNull::info() {
  static constexpr KindInfo info{
      .kind = "set_not_null",
      .summary = "lets a column hold no NULL any more",
      .keys = kKeys,
      .common_keys = "on_error user_triggers",
      .expand = "",
      .backfill =
          "with `up`: a trigger repairs what is written, rows that hold NULL are repaired, a "
          "check is added NOT VALID and validated",
      .switch_ =
          "NOT NULL is set, proven by the validated check; without `up` the check is made here, "
          "once a release that always gives the value is live",
      .contract = "the trigger and the check go",
      .undo = "NOT NULL, check and trigger go; rows that were repaired stay repaired",
      .sqlite = false,
      .example =
          "[[change]]\nkind   = \"set_not_null\"\ntable  = \"orders\"\ncolumn = \"state\"\n"
          "up     = \"'new'\"\n"};
  return info;
}

Result<SetNotNull> SetNotNull::decode(KeyReader& keys) {
  SetNotNull change;
  ZDM_TRY(change.table, keys.table("table"));
  ZDM_TRY(change.column, keys.identifier("column"));
  ZDM_TRY(change.common, keys.common());
  if (change.common.down || change.common.dual_write_app) {
    return fail_at(
        keys.where(), ErrorCode::usage,
        "set_not_null has no other shape to write: it takes no `down` and no `dual_write`",
        "leave them out");
  }
  return change;
}

CatalogRequest SetNotNull::needs() const {
  return {.tables = {table}};
}

Result<Recipe> SetNotNull::plan(const Context& context) const {
  ZDM_TRY(const auto words, words_of(context, *this));
  const guarantee::Site site{context, words.table};
  Recipe recipe;
  const auto helper = guarantee::not_null_name(site, column);
  switch (context.phase) {
    case Phase::expand:
      if (words.repair) {
        ZDM_CHECK(refuse_user_triggers(context, words.table, common.user_triggers));
        ZDM_CHECK(refuse_going(context, words.table, words.repair->reads, "`up`"));
        look_at_right_to_skip(context, words.table, common.user_triggers, recipe);
        look_at_foreign_partitions(context, words.table, recipe);
      }
      add_check(context, words, recipe);
      break;
    case Phase::backfill:
      if (!words.repair || (words.column.not_null && !is_forecast(context, words.table))) break;
      add_check(context, words, recipe);
      add_repair(context, *this, words, recipe);
      guarantee::promise_not_null(site, column, recipe);
      break;
    case Phase::switch_: {
      if (words.column.not_null) break;
      if (!words.repair) promise_without_repair(site, column, recipe);
      auto step = guarantee::fragment(site, Slot::exchange, StepKind::transaction,
                                      "proven by the validated check: no scan");
      guarantee::set_not_null(site, column, step.step);
      if (!words.repair) {
        step.step.sql.push_back(statements::drop_constraint(words.table, helper));
        step.step.effects.emplace_back(DropConstraint{words.table.name, helper});
      }
      recipe.fragments.push_back(std::move(step));
      break;
    }
    case Phase::contract: {
      if (!words.repair) break;
      auto retire = guarantee::fragment(site, Slot::retire, StepKind::transaction, "");
      SyncAction action{.table = words.table.name, .leave = {context.change}};
      retire.step.locks = Claims().table(words.table, LockMode::access_exclusive).list();
      guarantee::drop_constraint(site, helper, retire.step, action.after);
      retire.step.action = std::move(action);
      recipe.fragments.push_back(std::move(retire));
      break;
    }
  }
  return recipe;
}

Result<Recipe> SetNotNull::undo(const Context& context) const {
  ZDM_TRY(const auto words, words_of(context, *this));
  const guarantee::Site site{context, words.table};
  const auto helper = guarantee::not_null_name(site, column);
  Recipe recipe;
  const auto* before = context.progress.table_before(words.table.name);
  const auto* old = before == nullptr ? nullptr : before->column(column);
  if (context.phase == Phase::switch_ && words.column.not_null &&
      (old == nullptr || !old->not_null)) {
    auto step = guarantee::fragment(site, Slot::exchange, StepKind::transaction, "");
    guarantee::drop_not_null(site, column, step.step);
    recipe.fragments.push_back(std::move(step));
  }
  const bool promised_here = context.phase == (words.repair ? Phase::backfill : Phase::switch_);
  if (promised_here) {
    auto retire = guarantee::fragment(site, Slot::retire, StepKind::transaction, "");
    SyncAction action{.table = words.table.name};
    if (words.repair) {
      action.leave = {context.change};
      recipe.warnings.push_back(
          {.code = "kept",
           .message = fmt::format("rows of {} that were repaired keep their value",
                                  describe(words.table, column))});
    }
    if (words.repair || words.table.constraint(helper) != nullptr) {
      retire.step.locks = Claims().table(words.table, LockMode::access_exclusive).list();
    }
    guarantee::drop_constraint(site, helper, retire.step, action.after);
    guarantee::forget(site, "not_null:", retire.step);
    retire.step.action = std::move(action);
    recipe.fragments.push_back(std::move(retire));
  }
  return recipe;
}

}  // namespace zdm::planner
