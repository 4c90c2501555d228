#include "recipes/set_comment.hpp"

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
    KeyInfo{"column", "name", false, "the column; without it, the table itself"},
    KeyInfo{"comment", "text", true, "the comment"},
};

Recipe commented(const Context& context, const Table& table,
                 const std::optional<std::string>& column, const std::string& comment) {
  Recipe recipe;
  auto step = guarantee::fragment({context, table}, Slot::shape, StepKind::transaction, "");
  const auto target =
      column ? fmt::format("COLUMN {}.{}", quote(table.name), quote_identifier(*column))
             : fmt::format("TABLE {}", quote(table.name));
  step.step.sql = {fmt::format("COMMENT ON {} IS {}", target,
                               comment.empty() ? "NULL" : quote_literal(comment))};
  step.step.locks = Claims().add(table.name, LockMode::share_update_exclusive).list();
  if (column) {
    if (const auto* present = table.column(*column)) {
      auto after = *present;
      after.comment = comment;
      step.step.effects = {PutColumn{table.name, after}};
    }
  } else {
    auto after = table;
    after.comment = comment;
    step.step.effects = {PutTable{after}};
  }
  recipe.fragments.push_back(std::move(step));
  return recipe;
}

}  // namespace

const KindInfo& SetComment::info() {
  static constexpr KindInfo info{
      .kind = "set_comment",
      .summary = "sets the comment of a table or a column",
      .keys = kKeys,
      .common_keys = "",
      .expand = "the comment is set",
      .backfill = "",
      .switch_ = "",
      .contract = "",
      .undo = "the comment of before is set again",
      .sqlite = false,
      .example =
          "[[change]]\nkind    = \"set_comment\"\ntable   = \"orders\"\ncolumn  = \"state\"\n"
          "comment = \"new, paid or sent\"\n"};
  return info;
}

Result<SetComment> SetComment::decode(KeyReader& keys) {
  SetComment change;
  ZDM_TRY(change.table, keys.table("table"));
  ZDM_TRY(change.column, keys.optional_identifier("column"));
  ZDM_TRY(change.comment, keys.text("comment"));
  return change;
}

CatalogRequest SetComment::needs() const {
  return {.tables = {table}};
}

Result<Recipe> SetComment::plan(const Context& context) const {
  if (context.phase != Phase::expand) return Recipe{};
  ZDM_CHECK(refuse_on_sqlite(context, "keep comments", "it has none"));
  ZDM_TRY(const Table subject, subject_table(context, table));
  if (column) ZDM_CHECK(subject_column(context, subject, *column));
  return commented(context, subject, column, comment);
}

Result<Recipe> SetComment::undo(const Context& context) const {
  if (context.phase != Phase::expand) return Recipe{};
  ZDM_TRY(const Table subject, subject_table(context, table));
  const auto* before = context.progress.table_before(subject.name);
  if (before == nullptr) return commented(context, subject, column, "");
  if (!column) return commented(context, subject, column, before->comment);
  const auto* old = before->column(*column);
  return commented(context, subject, column, old == nullptr ? "" : old->comment);
}

}  // namespace zdm::planner
