#include "recipes/drop_constraint.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "locks/claims.hpp"
#include "recipes/guarantee.hpp"
#include "recipes/server_checks.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

constexpr std::array kKeys = {
    KeyInfo{"table", "table", true, "the table"},
    KeyInfo{"name", "name", true, "the constraint"},
};

bool goes_at_once(const Constraint& constraint) {
  return constraint.kind == ConstraintKind::check || constraint.kind == ConstraintKind::foreign_key;
}

/// The constraint as it was before the migration began, or as it is.
const Constraint* known(const Context& context, const Table& table, const std::string& name) {
  if (const auto* present = table.constraint(name)) return present;
  const auto* before = context.progress.table_before(table.name);
  return before == nullptr ? nullptr : before->constraint(name);
}

Result<void> refuse_referenced(const Context& context, const Table& table,
                               const Constraint& constraint) {
  for (const auto& incoming : table.incoming) {
    auto theirs = incoming.attnums;
    auto ours = constraint.attnums;
    std::ranges::sort(theirs);
    std::ranges::sort(ours);
    if (theirs != ours) continue;
    return fail_at(where_of(context), ErrorCode::refused,
                   fmt::format("constraint {} cannot go: foreign key {} of {} relies on it",
                               quote_identifier(constraint.name), quote_identifier(incoming.name),
                               quote(incoming.table)),
                   "drop that foreign key in an earlier migration; zdm never uses CASCADE");
  }
  return {};
}

/// The rows that the constraint would not let in; NULL in a key column references nothing.
std::string violated_by(const Table& table, const Constraint& constraint) {
  if (!constraint.references) return fmt::format("NOT ({}\n)", constraint.expression);
  std::vector<std::string> given;
  std::vector<std::string> same;
  const auto& columns = constraint.references->columns;
  for (std::size_t i = 0; i < constraint.attnums.size() && i < columns.size(); ++i) {
    const auto* column = table.column(constraint.attnums[i]);
    if (column == nullptr) continue;
    const auto name = "r." + quote_identifier(column->name);
    given.push_back(name + " IS NOT NULL");
    same.push_back(fmt::format("k.{} = {}", quote_identifier(columns[i]), name));
  }
  return fmt::format("{} AND NOT EXISTS (SELECT FROM {} AS k WHERE {})", fmt::join(given, " AND "),
                     quote(constraint.references->table), fmt::join(same, " AND "));
}

Check no_violation(const Context& context, const Table& table, const Constraint& constraint) {
  return statements::no_row(table, violated_by(table, constraint),
                            fmt::format("rows of {} violate {} meanwhile: it cannot come back",
                                        quote(table.name), quote_identifier(constraint.name)),
                            where_of(context));
}

}  // namespace

const KindInfo& DropConstraintChange::info() {
  static constexpr KindInfo info{
      .kind = "drop_constraint",
      .summary =
          "drops a constraint: a check or foreign key at once, a unique one, a primary key or an "
          "exclusion when no release relies on it any more",
      .keys = kKeys,
      .common_keys = "",
      .expand = "a check or foreign key is dropped",
      .backfill = "",
      .switch_ = "",
      .contract = "a unique constraint, primary key or exclusion is dropped, with its index",
      .undo =
          "a check or foreign key comes back NOT VALID and is validated; refused, with nothing "
          "changed, while rows violate it",
      .sqlite = false,
      .example =
          "[[change]]\nkind  = \"drop_constraint\"\ntable = \"orders\"\n"
          "name  = \"orders_amount_positive\"\n"};
  return info;
}

Result<DropConstraintChange> DropConstraintChange::decode(KeyReader& keys) {
  DropConstraintChange change;
  ZDM_TRY(change.table, keys.table("table"));
  ZDM_TRY(change.name, keys.identifier("name"));
  return change;
}

CatalogRequest DropConstraintChange::needs() const {
  return {.tables = {table}};
}

Result<Recipe> DropConstraintChange::plan(const Context& context) const {
  ZDM_CHECK(refuse_on_sqlite(context, "drop a constraint", "ALTER TABLE has no DROP CONSTRAINT"));
  ZDM_TRY(const Table subject, subject_table(context, table));
  const auto* constraint = known(context, subject, name);
  Recipe recipe;
  if (constraint == nullptr) {
    if (is_forecast(context, subject)) return recipe;
    return fail_at(
        where_of(context), ErrorCode::refused,
        fmt::format("{} has no constraint {}", quote(subject.name), quote_identifier(name)),
        "check the name");
  }
  ZDM_CHECK(refuse_referenced(context, subject, *constraint));
  const auto phase = goes_at_once(*constraint) ? Phase::expand : Phase::contract;
  if (context.phase == Phase::expand || context.phase == phase) {
    look_at_users_of_constraint(context, subject, name, recipe);
  }
  if (context.phase != phase || subject.constraint(name) == nullptr) return recipe;
  auto step =
      guarantee::fragment({context, subject}, phase == Phase::expand ? Slot::shape : Slot::retire,
                          StepKind::transaction, "");
  step.step.destructive = phase == Phase::contract;
  guarantee::drop_constraint({context, subject}, name, step.step, step.step.sql);
  recipe.fragments.push_back(std::move(step));
  return recipe;
}

Result<Recipe> DropConstraintChange::undo(const Context& context) const {
  Recipe recipe;
  if (context.phase != Phase::expand) return recipe;
  ZDM_TRY(const Table subject, subject_table(context, table));
  const auto* before = context.progress.table_before(subject.name);
  const auto* old = before == nullptr ? nullptr : before->constraint(name);
  if (old == nullptr || !goes_at_once(*old) || subject.constraint(name) != nullptr) return recipe;
  auto definition = old->definition;
  if (const auto at = definition.rfind(" NOT VALID"); at != std::string::npos) definition.erase(at);
  if (old->validated) recipe.checks.push_back(no_violation(context, subject, *old));
  guarantee::promise({context, subject}, *old, definition, recipe);
  return recipe;
}

}  // namespace zdm::planner
