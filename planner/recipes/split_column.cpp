#include "recipes/split_column.hpp"

#include <fmt/format.h>
#include <array>

#include "recipes/column_replacement.hpp"
#include "recipes/subject.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

constexpr std::array kKeys = {
    KeyInfo{"table", "table", true, "the table"},
    KeyInfo{"column", "name", true, "the column that is split"},
    KeyInfo{"to", "list of {name, type, up}", true,
            "the new columns, each with its value over the old row"},
};

Result<Replacement> replacement_of(const Context& context, const SplitColumn& change) {
  ZDM_TRY(const Table table, subject_table(context, change.table));
  ZDM_CHECK(recorded_column(context, table, "old:" + change.column, change.column));
  Replacement words{.table = change.table, .old_columns = {change.column}, .common = change.common};
  for (const auto& part : change.parts) {
    ZDM_TRY(auto up, assignment(context, table, part.name, part.up,
                                fmt::format("`up` of {}", quote_identifier(part.name))));
    const auto derived = derived_default(context, table, up, {change.column});
    words.new_columns.push_back({.name = part.name,
                                 .type = part.type,
                                 .default_sql = derived.sql,
                                 .default_kind = derived.kind});
    words.forward.push_back(std::move(up));
  }
  ZDM_TRY(auto down, assignment(context, table, change.column, *change.common.down, "`down`"));
  words.backward = {std::move(down)};
  return words;
}

}  // namespace

const KindInfo& SplitColumn::info() {
  static constexpr KindInfo info{
      .kind = "split_column",
      .summary = "lets several new columns take the place of one",
      .keys = kKeys,
      .common_keys = "down on_error user_triggers dual_write",
      .expand =
          "the new columns are added, nullable and without default, with the old column's "
          "privileges",
      .backfill =
          "a trigger fills the new columns from the old one and the old one through `down`; "
          "existing rows are filled and every row is compared",
      .switch_ = "nothing is left to do: the new columns are complete",
      .contract = "every row is compared once more; the trigger goes, and the old column",
      .undo = "every phase but contract is undone without loss",
      .sqlite = true,
      .example =
          "[[change]]\nkind   = \"split_column\"\ntable  = \"users\"\ncolumn = \"name\"\n"
          "to     = [\n  {name = \"first_name\", type = \"text\", up = \"split_part(name, ' ', "
          "1)\"},\n"
          "  {name = \"last_name\", type = \"text\", up = \"split_part(name, ' ', 2)\"},\n]\n"
          "down   = \"coalesce(first_name || ' ' || last_name, first_name, last_name)\"\n"};
  return info;
}

Result<SplitColumn> SplitColumn::decode(KeyReader& keys) {
  SplitColumn change;
  ZDM_TRY(change.table, keys.table("table"));
  ZDM_TRY(change.column, keys.identifier("column"));
  ZDM_TRY(auto parts, keys.objects("to"));
  for (auto& part : parts) {
    Part decoded;
    ZDM_TRY(decoded.name, part.identifier("name"));
    ZDM_TRY(decoded.type, part.type("type"));
    ZDM_TRY(decoded.up, part.sql("up"));
    ZDM_CHECK(part.finish());
    change.parts.push_back(std::move(decoded));
  }
  if (change.parts.empty()) {
    return fail_at(keys.where("to"), ErrorCode::usage, "`to` names no column",
                   "list the new columns: to = [{name = \"…\", type = \"…\", up = \"…\"}, …]");
  }
  ZDM_TRY(change.common, keys.common());
  if (!change.common.down || change.common.up) {
    return fail_at(keys.where(), ErrorCode::usage,
                   "split_column needs `down`, and an `up` for each new column inside `to`",
                   "down = \"first_name || ' ' || last_name\"");
  }
  return change;
}

CatalogRequest SplitColumn::needs() const {
  return {.tables = {table}};
}

Result<Recipe> SplitColumn::plan(const Context& context) const {
  ZDM_TRY(const Replacement replacement, replacement_of(context, *this));
  return plan_replacement(context, replacement);
}

Result<Recipe> SplitColumn::undo(const Context& context) const {
  ZDM_TRY(const Replacement replacement, replacement_of(context, *this));
  return undo_replacement(context, replacement);
}

}  // namespace zdm::planner
