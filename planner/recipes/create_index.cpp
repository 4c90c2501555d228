#include "recipes/create_index.hpp"

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
    KeyInfo{"name", "name", true, "the index"},
    KeyInfo{"columns", "list of expressions", true, "columns or expressions, each with its order"},
    KeyInfo{"unique", "boolean", false, "no two rows may agree"},
    KeyInfo{"method", "name", false, "btree, hash, gin, gist, brin …; btree"},
    KeyInfo{"include", "list of names", false, "columns kept in the index for index-only scans"},
    KeyInfo{"where", "expression", false, "only rows that meet it are indexed"},
    KeyInfo{"with", "text", false, "storage parameters: \"fillfactor = 70\""},
};

std::vector<std::string> columns_of(const Table& table, const Index& index) {
  std::vector<std::string> names;
  for (const int attnum : index.attnums) {
    if (const auto* column = table.column(attnum)) names.push_back(column->name);
  }
  return names;
}

}  // namespace

const KindInfo& CreateIndex::info() {
  static constexpr KindInfo info{
      .kind = "create_index",
      .summary = "makes an index while everybody reads and writes",
      .keys = kKeys,
      .common_keys = "",
      .expand = "the index is built CONCURRENTLY; on a partitioned table, partition by partition",
      .backfill = "",
      .switch_ = "",
      .contract = "",
      .undo = "the index is dropped CONCURRENTLY",
      .sqlite = true,
      .example =
          "[[change]]\nkind    = \"create_index\"\ntable   = \"orders\"\n"
          "name    = \"orders_user_id_idx\"\ncolumns = [\"user_id\", \"created_at desc\"]\n"};
  return info;
}

Result<CreateIndex> CreateIndex::decode(KeyReader& keys) {
  CreateIndex change;
  ZDM_TRY(change.index, decode_index(keys));
  return change;
}

CatalogRequest CreateIndex::needs() const {
  return {.tables = {index.table}, .indexes = {{index.table.schema, index.name}}};
}

Result<Recipe> CreateIndex::plan(const Context& context) const {
  Recipe recipe;
  if (context.phase != Phase::expand) return recipe;
  ZDM_TRY(const Table table, subject_table(context, index.table));
  if (table.index(index.name) != nullptr) {
    return fail_at(
        where_of(context), ErrorCode::refused,
        fmt::format("{} has an index {} already", quote(table.name), quote_identifier(index.name)),
        "choose another name, or use replace_index");
  }
  ZDM_CHECK(refuse_levels(context, table));
  ZDM_TRY(const Index made, index_of(context, table, index));
  ZDM_CHECK(refuse_going(context, table, columns_of(table, made),
                         fmt::format("index {}", quote_identifier(index.name))));
  look_at_foreign_partitions(context, table, recipe);
  recipe.fragments = build(context, table, made);
  if (index.unique) {
    recipe.warnings.push_back(
        {.code = "unique-before-release",
         .message = fmt::format("{} holds for the running release at once: its writes must meet it "
                                "already",
                                quote_identifier(index.name))});
  }
  return recipe;
}

Result<Recipe> CreateIndex::undo(const Context& context) const {
  Recipe recipe;
  if (context.phase != Phase::expand) return recipe;
  ZDM_TRY(const Table table, subject_table(context, index.table));
  if (const auto* present = table.index(index.name)) {
    recipe.fragments.push_back(drop(context, table, *present));
  }
  return recipe;
}

}  // namespace zdm::planner
