#include "recipes/rename_column.hpp"

#include <fmt/format.h>
#include <array>

#include "recipes/column_replacement.hpp"
#include "recipes/subject.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

constexpr std::array kKeys = {
    KeyInfo{"table", "table", true, "the table"},
    KeyInfo{"from", "name", true, "the column as the running release knows it"},
    KeyInfo{"to", "name", true, "the column as the next release knows it"},
};

/// What the words mean on the table as it is now.
Result<Replacement> replacement_of(const Context& context, const RenameColumn& change) {
  ZDM_TRY(const Table table, subject_table(context, change.table));
  ZDM_TRY(const Column old, recorded_column(context, table, "old:" + change.from, change.from));
  Replacement result{.table = change.table,
                     .old_columns = {change.from},
                     .carried = {{change.from, change.to}},
                     .common = change.common};
  Assignment up = copy_of(change.to, change.from);
  Assignment down = copy_of(change.from, change.to);
  if (change.common.up) {
    ZDM_TRY(up, assignment(context, table, change.to, *change.common.up, "`up`"));
  }
  if (change.common.down) {
    ZDM_TRY(down, assignment(context, table, change.from, *change.common.down, "`down`"));
  }
  const replacement::Subject subject{.context = context, .words = result, .table = table};
  const auto before = replacement::old_shape(subject, change.from);
  auto derived = derived_default(context, table, up, {change.from});
  result.new_columns = {{.name = change.to,
                         .type = old.type,
                         .like = change.from,
                         .not_null = before.not_null,
                         .default_sql = derived.sql,
                         .default_kind = derived.kind}};
  result.forward = {std::move(up)};
  result.backward = {std::move(down)};
  return result;
}

}  // namespace

const KindInfo& RenameColumn::info() {
  static constexpr KindInfo info{
      .kind = "rename_column",
      .summary =
          "gives a column another name, while releases that know only the old name and "
          "releases that know only the new one both run",
      .keys = kKeys,
      .common_keys = "up down on_error user_triggers dual_write",
      .expand =
          "a new column of the same type is added, nullable and without default, with the old "
          "column's comment, privileges and statistics target",
      .backfill =
          "a trigger keeps both columns equal, whoever writes which; existing rows are filled "
          "and every row is compared; indexes, checks and foreign keys get twins",
      .switch_ =
          "the new column gets NOT NULL and the unique constraints of the old one; nothing is "
          "taken from the old",
      .contract =
          "every row is compared once more; the trigger goes, and the old column with what "
          "stood on it",
      .undo =
          "every phase but contract is undone without loss: what was written to the new column is "
          "in the old one too",
      .sqlite = true,
      .example =
          "[[change]]\nkind  = \"rename_column\"\ntable = \"users\"\nfrom  = \"name\"\n"
          "to    = \"full_name\"\n"};
  return info;
}

Result<RenameColumn> RenameColumn::decode(KeyReader& keys) {
  RenameColumn change;
  ZDM_TRY(change.table, keys.table("table"));
  ZDM_TRY(change.from, keys.identifier("from"));
  ZDM_TRY(change.to, keys.identifier("to"));
  ZDM_TRY(change.common, keys.common());
  if (change.from == change.to) {
    return fail_at(keys.where("to"), ErrorCode::usage,
                   fmt::format("`from` and `to` are both {}", quote_identifier(change.from)),
                   "name the column the next release will use in `to`");
  }
  return change;
}

CatalogRequest RenameColumn::needs() const {
  return {.tables = {table}};
}

Result<Recipe> RenameColumn::plan(const Context& context) const {
  ZDM_TRY(const Replacement replacement, replacement_of(context, *this));
  return plan_replacement(context, replacement);
}

Result<Recipe> RenameColumn::undo(const Context& context) const {
  ZDM_TRY(const Replacement replacement, replacement_of(context, *this));
  return undo_replacement(context, replacement);
}

}  // namespace zdm::planner
