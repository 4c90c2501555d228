#include "recipes/drop_default.hpp"

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

}  // namespace

const KindInfo& DropDefault::info() {
  static constexpr KindInfo info{
      .kind = "drop_default",
      .summary =
          "takes a column's default away, once every release that runs gives the value itself",
      .keys = kKeys,
      .common_keys = "",
      .expand = "",
      .backfill = "",
      .switch_ = "",
      .contract = "the default is dropped, in the catalog alone",
      .undo = "nothing to undo before contract",
      .sqlite = false,
      .example =
          "[[change]]\nkind   = \"drop_default\"\ntable  = \"orders\"\ncolumn = \"state\"\n"};
  return info;
}

Result<DropDefault> DropDefault::decode(KeyReader& keys) {
  DropDefault change;
  ZDM_TRY(change.table, keys.table("table"));
  ZDM_TRY(change.column, keys.identifier("column"));
  return change;
}

CatalogRequest DropDefault::needs() const {
  return {.tables = {table}};
}

Result<Recipe> DropDefault::plan(const Context& context) const {
  ZDM_CHECK(refuse_on_sqlite(context, "drop a default", "ALTER TABLE has no such form"));
  ZDM_TRY(const Table subject, subject_table(context, table));
  ZDM_TRY(Column after, subject_column(context, subject, column));
  if (context.phase != Phase::contract) return Recipe{};
  ZDM_CHECK(refuse_in_flight(context, subject, column));
  Recipe recipe;
  auto step = guarantee::fragment({context, subject}, Slot::retire, StepKind::transaction, "");
  step.step.destructive = true;
  step.step.sql = {fmt::format("ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT", quote(subject.name),
                               quote_identifier(column))};
  step.step.locks = Claims().table(subject, LockMode::access_exclusive).list();
  after.default_sql.clear();
  after.default_kind = DefaultKind::none;
  step.step.effects = {PutColumn{subject.name, after}};
  recipe.fragments.push_back(std::move(step));
  return recipe;
}

Result<Recipe> DropDefault::undo(const Context& /*context*/) const {
  return Recipe{};
}

}  // namespace zdm::planner
