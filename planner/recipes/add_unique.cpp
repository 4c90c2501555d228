#include "recipes/add_unique.hpp"

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
    KeyInfo{"name", "name", true, "the constraint's name"},
    KeyInfo{"columns", "list of names", true, "the columns no two rows may agree in"},
};

}  // namespace

const KindInfo& AddUnique::info() {
  static constexpr KindInfo info{
      .kind = "add_unique",
      .summary = "lets no two rows agree in some columns",
      .keys = kKeys,
      .common_keys = "",
      .expand = "",
      .backfill = "",
      .switch_ =
          "a unique index is built CONCURRENTLY and becomes the constraint; only once a release "
          "whose writes meet it is live",
      .contract = "",
      .undo = "the constraint is dropped, and its index with it",
      .sqlite = false,
      .example =
          "[[change]]\nkind    = \"add_unique\"\ntable   = \"users\"\nname    = "
          "\"users_email_key\"\n"
          "columns = [\"email\"]\n"};
  return info;
}

Result<AddUnique> AddUnique::decode(KeyReader& keys) {
  AddUnique change;
  ZDM_TRY(change.table, keys.table("table"));
  ZDM_TRY(change.name, keys.identifier("name"));
  ZDM_TRY(change.columns, keys.identifiers("columns"));
  return change;
}

CatalogRequest AddUnique::needs() const {
  return {.tables = {table}};
}

Result<Recipe> AddUnique::plan(const Context& context) const {
  if (context.phase == Phase::contract) return Recipe{};  // its table may have another name by now
  ZDM_CHECK(
      refuse_on_sqlite(context, "add a unique constraint",
                       "ALTER TABLE has no ADD CONSTRAINT; a unique create_index does the same"));
  ZDM_TRY(const Table subject, subject_table(context, table));
  for (const auto& column : columns) ZDM_CHECK(subject_column(context, subject, column));
  Recipe recipe;
  if (subject.kind == TableKind::partitioned && context.phase <= Phase::switch_) {
    return fail_at(
        where_of(context), ErrorCode::refused,
        fmt::format("{} is partitioned, and a partitioned table takes no UNIQUE … USING INDEX",
                    quote(subject.name)),
        "use create_index with unique = true: it is built partition by partition");
  }
  if (context.phase != Phase::switch_) return recipe;
  const guarantee::Site site{context, subject};
  guarantee::build_unique(site, name, columns, recipe);
  auto step = guarantee::fragment(site, Slot::exchange, StepKind::transaction, "");
  guarantee::attach_unique(site, name, "", step.step);
  recipe.fragments.push_back(std::move(step));
  return recipe;
}

Result<Recipe> AddUnique::undo(const Context& context) const {
  Recipe recipe;
  if (context.phase != Phase::switch_) return recipe;
  ZDM_TRY(const Table subject, subject_table(context, table));
  const guarantee::Site site{context, subject};
  if (subject.constraint(name) != nullptr) {
    auto step = guarantee::fragment(site, Slot::retire, StepKind::transaction, "");
    guarantee::drop_constraint(site, name, step.step, step.step.sql);
    recipe.fragments.push_back(std::move(step));
  } else if (const auto* index = subject.index(name)) {
    recipe.fragments.push_back(statements::drop_index_concurrently(subject, *index));
  }
  return recipe;
}

}  // namespace zdm::planner
