#include "recipes/drop_index.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "locks/claims.hpp"
#include "recipes/guarantee.hpp"
#include "recipes/index_words.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

constexpr std::array kKeys = {
    KeyInfo{"name", "index", true, "the index, with its schema where needed"},
};

struct Found {
  const Table* table = nullptr;
  const Index* index = nullptr;
};

Found find(const Catalog& catalog, const TableName& name) {
  for (const auto& table : catalog.tables) {
    const auto* index = table.index(name.name);
    if (index != nullptr && (name.schema.empty() || index->name.schema == name.schema)) {
      return {&table, index};
    }
  }
  return {};
}

}  // namespace

const KindInfo& DropIndexChange::info() {
  static constexpr KindInfo info{
      .kind = "drop_index",
      .summary = "drops an index while everybody reads and writes",
      .keys = kKeys,
      .common_keys = "",
      .expand = "",
      .backfill = "",
      .switch_ = "",
      .contract = "the index is dropped CONCURRENTLY",
      .undo = "nothing to undo before contract",
      .sqlite = true,
      .example = "[[change]]\nkind = \"drop_index\"\nname = \"orders_state_idx\"\n"};
  return info;
}

Result<DropIndexChange> DropIndexChange::decode(KeyReader& keys) {
  DropIndexChange change;
  ZDM_TRY(change.name, keys.table("name"));
  return change;
}

CatalogRequest DropIndexChange::needs() const {
  return {.indexes = {name}};
}

Result<Recipe> DropIndexChange::plan(const Context& context) const {
  Recipe recipe;
  const auto found = find(context.catalog, name);
  if (found.index == nullptr) {
    if (context.catalog.assumed) return recipe;
    return fail_at(where_of(context), ErrorCode::refused,
                   fmt::format("index {} does not exist", quote(name)),
                   "check the name and its schema");
  }
  const bool automatic =
      context.catalog.engine == Engine::sqlite && found.index->definition.empty();
  if (!found.index->constraint.empty() || automatic) {
    return fail_at(where_of(context), ErrorCode::refused,
                   fmt::format("index {} belongs to a constraint of {}", quote(name),
                               quote(found.table->name)),
                   "use drop_constraint");
  }
  if (found.index->replica_identity) {
    return fail_at(where_of(context), ErrorCode::refused,
                   fmt::format("index {} is the replica identity of {}", quote(name),
                               quote(found.table->name)),
                   "move the replica identity first: ALTER TABLE … REPLICA IDENTITY");
  }
  if (context.phase != Phase::contract) return recipe;
  auto fragment = drop(context, *found.table, *found.index);
  fragment.step.destructive = true;
  recipe.fragments.push_back(std::move(fragment));
  return recipe;
}

Result<Recipe> DropIndexChange::undo(const Context& /*context*/) const {
  return Recipe{};
}

}  // namespace zdm::planner
