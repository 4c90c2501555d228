#include "recipes/replace_index.hpp"

#include <array>

#include "recipes/create_index.hpp"
#include "recipes/drop_index.hpp"

namespace zdm::planner {

namespace {

constexpr std::array kKeys = {
    KeyInfo{"from", "index", true, "the index that goes at contract"},
    KeyInfo{"table", "table", true, "the table"},
    KeyInfo{"name", "name", true, "the new index"},
    KeyInfo{"columns", "list of expressions", true, "columns or expressions, each with its order"},
    KeyInfo{"unique", "boolean", false, "no two rows may agree"},
    KeyInfo{"method", "name", false, "btree, hash, gin, gist, brin …; btree"},
    KeyInfo{"include", "list of names", false, "columns kept in the index for index-only scans"},
    KeyInfo{"where", "expression", false, "only rows that meet it are indexed"},
    KeyInfo{"with", "text", false, "storage parameters: \"fillfactor = 70\""},
};

}  // namespace

const KindInfo& ReplaceIndex::info() {
  static constexpr KindInfo info{
      .kind = "replace_index",
      .summary = "lets an index take the place of another",
      .keys = kKeys,
      .common_keys = "",
      .expand = "the new index is built CONCURRENTLY",
      .backfill = "",
      .switch_ = "",
      .contract = "the old index is dropped CONCURRENTLY",
      .undo = "the new index is dropped CONCURRENTLY",
      .sqlite = true,
      .example =
          "[[change]]\nkind    = \"replace_index\"\nfrom    = \"orders_user_id_idx\"\n"
          "table   = \"orders\"\nname    = \"orders_user_id_created_at_idx\"\n"
          "columns = [\"user_id\", \"created_at desc\"]\n"};
  return info;
}

Result<ReplaceIndex> ReplaceIndex::decode(KeyReader& keys) {
  ReplaceIndex change;
  ZDM_TRY(change.from, keys.table("from"));
  ZDM_TRY(change.index, decode_index(keys));
  if (change.from.name == change.index.name) {
    return fail_at(keys.where("name"), ErrorCode::usage,
                   "the new index cannot have the old one's name: both live side by side",
                   "choose another name");
  }
  return change;
}

CatalogRequest ReplaceIndex::needs() const {
  return {.tables = {index.table}, .indexes = {from, {index.table.schema, index.name}}};
}

Result<Recipe> ReplaceIndex::plan(const Context& context) const {
  if (context.phase == Phase::expand) {
    ZDM_CHECK(DropIndexChange{from}.plan(
        context));  // whether the old one may go, before anything is built
    return CreateIndex{index}.plan(context);
  }
  if (context.phase == Phase::contract) return DropIndexChange{from}.plan(context);
  return Recipe{};
}

Result<Recipe> ReplaceIndex::undo(const Context& context) const {
  return CreateIndex{index}.undo(context);
}

}  // namespace zdm::planner
