#include "recipes/add_check.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "locks/claims.hpp"
#include "recipes/check.hpp"
#include "recipes/guarantee.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

constexpr std::array kKeys = {
    KeyInfo{"table", "table", true, "the table"},
    KeyInfo{"name", "name", true, "the constraint's name"},
    KeyInfo{"check", "expression", true, "what every row must meet"},
};

}  // namespace

const KindInfo& AddCheck::info() {
  static constexpr KindInfo info{
      .kind = "add_check",
      .summary = "makes every row meet a condition",
      .keys = kKeys,
      .common_keys = "",
      .expand = "",
      .backfill = "",
      .switch_ =
          "NOT VALID, then VALIDATE, which lets readers and writers go on; only once a release "
          "whose writes meet the condition is live, because it holds for every new write at once",
      .contract = "",
      .undo = "the constraint is dropped",
      .sqlite = false,
      .example =
          "[[change]]\nkind  = \"add_check\"\ntable = \"orders\"\nname  = "
          "\"orders_amount_positive\"\n"
          "check = \"amount > 0\"\n"};
  return info;
}

Result<AddCheck> AddCheck::decode(KeyReader& keys) {
  AddCheck change;
  ZDM_TRY(change.table, keys.table("table"));
  ZDM_TRY(change.name, keys.identifier("name"));
  ZDM_TRY(change.check, keys.sql("check"));
  return change;
}

CatalogRequest AddCheck::needs() const {
  return {.tables = {table}};
}

Result<Recipe> AddCheck::plan(const Context& context) const {
  if (context.phase == Phase::contract) return Recipe{};  // its table may have another name by now
  ZDM_CHECK(refuse_on_sqlite(context, "add a check", "ALTER TABLE has no ADD CONSTRAINT"));
  ZDM_TRY(const Table subject, subject_table(context, table));
  ZDM_TRY(const auto facts, check_expression(context.catalog.engine, check, "`check`"));
  for (const auto& column : facts.columns) ZDM_CHECK(subject_column(context, subject, column));
  if (context.phase == Phase::expand) {
    ZDM_CHECK(refuse_going(context, subject, facts.columns, "`check`"));
  }
  Recipe recipe;
  const bool asked = context.phase == Phase::expand || context.phase == Phase::switch_;
  if (asked && !is_forecast(context, subject)) {
    recipe.checks.push_back(
        statements::accepts_condition(subject,
                                      {.column = {},
                                       .expression = check.text,
                                       .reads = facts.columns,
                                       .type = {},
                                       .where = place_of(check.source, 0)},
                                      fmt::format("`check` of {}", quote_identifier(name))));
  }
  if (context.phase != Phase::switch_) return recipe;
  if (subject.constraint(name) != nullptr) {
    return fail_at(
        where_of(context), ErrorCode::refused,
        fmt::format("{} has a constraint {} already", quote(subject.name), quote_identifier(name)),
        "choose another name");
  }
  Constraint constraint{.name = name,
                        .kind = ConstraintKind::check,
                        .definition = fmt::format("CHECK ({})", check.text),
                        .expression = check.text};
  for (const auto& column : facts.columns) {
    if (const auto* present = subject.column(column)) constraint.attnums.push_back(present->attnum);
  }
  if (!is_forecast(context, subject)) {
    recipe.checks.push_back(statements::holds_for_all_rows(
        subject, check.text, fmt::format("check {}", quote_identifier(name)), where_of(context)));
  }
  guarantee::promise({context, subject}, constraint, fmt::format("CHECK ({}\n)", check.text),
                     recipe);
  return recipe;
}

Result<Recipe> AddCheck::undo(const Context& context) const {
  Recipe recipe;
  if (context.phase != Phase::switch_) return recipe;
  ZDM_TRY(const Table subject, subject_table(context, table));
  auto step = guarantee::fragment({context, subject}, Slot::retire, StepKind::transaction, "");
  guarantee::drop_constraint({context, subject}, name, step.step, step.step.sql);
  if (!step.step.sql.empty()) recipe.fragments.push_back(std::move(step));
  return recipe;
}

}  // namespace zdm::planner
