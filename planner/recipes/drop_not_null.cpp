#include "recipes/drop_not_null.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "locks/claims.hpp"
#include "recipes/guarantee.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

constexpr std::array kKeys = {
    KeyInfo{"table", "table", true, "the table"},
    KeyInfo{"column", "name", true, "the column"},
};

bool was_not_null(const Context& context, const Table& table, const std::string& column) {
  const auto* before = context.progress.table_before(table.name);
  const auto* old = before == nullptr ? nullptr : before->column(column);
  return old != nullptr && old->not_null;
}

}  // namespace

const KindInfo& DropNotNull::info() {
  static constexpr KindInfo info{
      .kind = "drop_not_null",
      .summary = "lets a column hold NULL",
      .keys = kKeys,
      .common_keys = "",
      .expand = "NOT NULL is dropped, in the catalog alone",
      .backfill = "",
      .switch_ = "",
      .contract = "",
      .undo =
          "NOT NULL is proven and set again; refused, with nothing changed, while rows hold NULL",
      .sqlite = false,
      .example =
          "[[change]]\nkind   = \"drop_not_null\"\ntable  = \"orders\"\ncolumn = \"note\"\n"};
  return info;
}

Result<DropNotNull> DropNotNull::decode(KeyReader& keys) {
  DropNotNull change;
  ZDM_TRY(change.table, keys.table("table"));
  ZDM_TRY(change.column, keys.identifier("column"));
  return change;
}

CatalogRequest DropNotNull::needs() const {
  return {.tables = {table}};
}

Result<Recipe> DropNotNull::plan(const Context& context) const {
  if (context.phase != Phase::expand) return Recipe{};
  ZDM_CHECK(refuse_on_sqlite(context, "drop a NOT NULL", "ALTER TABLE has no such form"));
  ZDM_TRY(const Table subject, subject_table(context, table));
  ZDM_TRY(const Column before, subject_column(context, subject, column));
  ZDM_CHECK(refuse_in_flight(context, subject, column));
  Recipe recipe;
  if (!before.not_null && !is_forecast(context, subject)) return recipe;
  auto step = guarantee::fragment({context, subject}, Slot::shape, StepKind::transaction, "");
  guarantee::drop_not_null({context, subject}, column, step.step);
  recipe.fragments.push_back(std::move(step));
  return recipe;
}

Result<Recipe> DropNotNull::undo(const Context& context) const {
  if (context.phase != Phase::expand) return Recipe{};
  ZDM_TRY(const Table subject, subject_table(context, table));
  ZDM_TRY(const Column now, subject_column(context, subject, column));
  Recipe recipe;
  if (now.not_null || !was_not_null(context, subject, column)) return recipe;
  const guarantee::Site site{context, subject};
  const auto helper = guarantee::not_null_name(site, column);
  recipe.checks.push_back(statements::no_row(
      subject, quote_identifier(column) + " IS NULL",
      fmt::format("rows of {} hold NULL in {} meanwhile: its NOT NULL cannot come back",
                  quote(subject.name), quote_identifier(column)),
      where_of(context)));
  guarantee::promise_not_null(site, column, recipe);
  auto step = guarantee::fragment(site, Slot::exchange, StepKind::transaction,
                                  "proven by the validated check: no scan");
  guarantee::set_not_null(site, column, step.step);
  step.step.sql.push_back(statements::drop_constraint(subject, helper));
  step.step.effects.emplace_back(DropConstraint{subject.name, helper});
  recipe.fragments.push_back(std::move(step));
  return recipe;
}

}  // namespace zdm::planner
