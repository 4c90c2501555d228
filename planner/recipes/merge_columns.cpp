#include "recipes/merge_columns.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "recipes/column_replacement.hpp"
#include "recipes/subject.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

constexpr std::array kKeys = {
    KeyInfo{"table", "table", true, "the table"},
    KeyInfo{"columns", "list of names", true, "the columns that are merged"},
    KeyInfo{"to", "{name, type}", true, "the new column"},
    KeyInfo{"up", "expression", true, "the new column's value over the old row"},
    KeyInfo{"down", "{column = expression}", true, "each old column's value over the new row"},
};

Result<Replacement> replacement_of(const Context& context, const MergeColumns& change) {
  ZDM_TRY(const Table table, subject_table(context, change.table));
  Replacement words{.table = change.table, .old_columns = change.columns, .common = change.common};
  for (const auto& column : change.columns) {
    ZDM_CHECK(recorded_column(context, table, "old:" + column, column));
  }
  ZDM_TRY(auto up, assignment(context, table, change.name, *change.common.up, "`up`"));
  const auto derived = derived_default(context, table, up, change.columns);
  words.new_columns = {{.name = change.name,
                        .type = change.type,
                        .default_sql = derived.sql,
                        .default_kind = derived.kind}};
  words.forward = {std::move(up)};
  for (const auto& [column, text] : change.down) {
    ZDM_TRY(auto down, assignment(context, table, column, text,
                                  fmt::format("`down` of {}", quote_identifier(column))));
    words.backward.push_back(std::move(down));
  }
  return words;
}

}  // namespace

const KindInfo& MergeColumns::info() {
  static constexpr KindInfo info{
      .kind = "merge_columns",
      .summary = "lets one new column take the place of several",
      .keys = kKeys,
      .common_keys = "on_error user_triggers dual_write",
      .expand =
          "the new column is added, nullable and without default, with the column privileges that "
          "all old ones share",
      .backfill =
          "a trigger fills the new column through `up` and each old one through its `down`; "
          "existing rows are filled and every row is compared",
      .switch_ = "nothing is left to do: the new column is complete",
      .contract = "every row is compared once more; the trigger goes, and the old columns",
      .undo = "every phase but contract is undone without loss",
      .sqlite = true,
      .example =
          "[[change]]\nkind    = \"merge_columns\"\ntable   = \"users\"\n"
          "columns = [\"first_name\", \"last_name\"]\nto      = {name = \"name\", type = "
          "\"text\"}\n"
          "up      = \"coalesce(first_name || ' ' || last_name, first_name, last_name)\"\n"
          "down    = {first_name = \"split_part(name, ' ', 1)\", "
          "last_name = \"split_part(name, ' ', 2)\"}\n"};
  return info;
}

Result<MergeColumns> MergeColumns::decode(KeyReader& keys) {
  MergeColumns change;
  ZDM_TRY(change.table, keys.table("table"));
  ZDM_TRY(change.columns, keys.identifiers("columns"));
  ZDM_TRY(auto target, keys.optional_object("to"));
  if (!target) {
    return fail_at(keys.where(), ErrorCode::usage, "merge_columns needs the key `to`",
                   "to = {name = \"name\", type = \"text\"}");
  }
  ZDM_TRY(change.name, target->identifier("name"));
  ZDM_TRY(change.type, target->type("type"));
  ZDM_CHECK(target->finish());
  ZDM_TRY(change.down, keys.optional_sql_map("down"));
  ZDM_TRY(change.common, keys.common());
  if (!change.common.up) {
    return fail_at(keys.where(), ErrorCode::usage, "merge_columns needs the key `up`",
                   "up = \"first_name || ' ' || last_name\"");
  }
  for (const auto& column : change.columns) {
    if (std::ranges::count(change.down, column, [](const auto& each) { return each.first; }) == 1)
      continue;
    return fail_at(
        keys.where("down"), ErrorCode::usage,
        fmt::format("`down` has no expression for {}", quote_identifier(column)),
        "give one for each of `columns`: down = {first_name = \"…\", last_name = \"…\"}");
  }
  if (change.down.size() != change.columns.size()) {
    return fail_at(keys.where("down"), ErrorCode::usage,
                   "`down` names a column that is not among `columns`", "remove it");
  }
  return change;
}

CatalogRequest MergeColumns::needs() const {
  return {.tables = {table}};
}

Result<Recipe> MergeColumns::plan(const Context& context) const {
  ZDM_TRY(const Replacement replacement, replacement_of(context, *this));
  return plan_replacement(context, replacement);
}

Result<Recipe> MergeColumns::undo(const Context& context) const {
  ZDM_TRY(const Replacement replacement, replacement_of(context, *this));
  return undo_replacement(context, replacement);
}

}  // namespace zdm::planner
