#include "recipes/set_default.hpp"

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
    KeyInfo{"column", "name", true, "the column"},
    KeyInfo{"default", "expression", true, "the default of rows written from now on"},
};

/// One ALTER TABLE in the catalog alone.
Recipe altered(const Context& context, const Table& table, const Column& before, std::string sql,
               const std::string& value) {
  Recipe recipe;
  auto step = guarantee::fragment({context, table}, Slot::shape, StepKind::transaction, "");
  step.step.sql = {std::move(sql)};
  step.step.locks = Claims().table(table, LockMode::access_exclusive).list();
  auto after = before;
  after.default_sql = value;
  after.default_kind = value.empty() ? DefaultKind::none : DefaultKind::volatile_;
  step.step.effects = {PutColumn{table.name, after}};
  recipe.fragments.push_back(std::move(step));
  return recipe;
}

}  // namespace

const KindInfo& SetDefault::info() {
  static constexpr KindInfo info{
      .kind = "set_default",
      .summary = "gives a column another default; existing rows keep their values",
      .keys = kKeys,
      .common_keys = "",
      .expand = "the default is set, in the catalog alone",
      .backfill = "",
      .switch_ = "",
      .contract = "",
      .undo = "the default of before is set again, or dropped where there was none",
      .sqlite = false,
      .example =
          "[[change]]\nkind    = \"set_default\"\ntable   = \"orders\"\ncolumn  = \"state\"\n"
          "default = \"'new'\"\n"};
  return info;
}

Result<SetDefault> SetDefault::decode(KeyReader& keys) {
  SetDefault change;
  ZDM_TRY(change.table, keys.table("table"));
  ZDM_TRY(change.column, keys.identifier("column"));
  ZDM_TRY(change.value, keys.sql("default"));
  return change;
}

CatalogRequest SetDefault::needs() const {
  return {.tables = {table}};
}

Result<Recipe> SetDefault::plan(const Context& context) const {
  if (context.phase != Phase::expand) return Recipe{};
  ZDM_CHECK(refuse_on_sqlite(context, "set a default", "ALTER TABLE has no such form"));
  ZDM_CHECK(check_expression(context.catalog.engine, value, "`default`"));
  ZDM_TRY(const Table subject, subject_table(context, table));
  ZDM_TRY(const Column before, subject_column(context, subject, column));
  ZDM_CHECK(refuse_in_flight(context, subject, column));
  return altered(context, subject, before, statements::set_default(subject, column, value.text),
                 value.text);
}

Result<Recipe> SetDefault::undo(const Context& context) const {
  if (context.phase != Phase::expand) return Recipe{};
  ZDM_TRY(const Table subject, subject_table(context, table));
  ZDM_TRY(const Column now, subject_column(context, subject, column));
  const auto* before = context.progress.table_before(subject.name);
  const auto* old = before == nullptr ? nullptr : before->column(column);
  if (old == nullptr || old->default_sql.empty()) {
    return altered(context, subject, now,
                   fmt::format("ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT", quote(subject.name),
                               quote_identifier(column)),
                   "");
  }
  return altered(context, subject, now, statements::set_default(subject, column, old->default_sql),
                 old->default_sql);
}

}  // namespace zdm::planner
