#include "recipes/change_column.hpp"

#include <fmt/format.h>
#include <array>

#include "recipes/column_replacement.hpp"
#include "recipes/subject.hpp"
#include "sql/expression.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

constexpr std::array kKeys = {
    KeyInfo{"table", "table", true, "the table"},
    KeyInfo{"column", "name", true, "the column as the running release knows it"},
    KeyInfo{"name", "name", false,
            "its new name; without it, or the same, the two change places at switch"},
    KeyInfo{"type", "type", false, "its new type; without it, the old one"},
    KeyInfo{"compatible", "text", false,
            "the reason why the running release can read the new type under the same name"},
};

/// The names the two columns have: before the exchange, and after it.
struct Names {
  std::string old_name;
  std::string new_name;
};

Names aside(const ChangeColumn& change, bool exchanged) {
  if (exchanged) return {unique_name(change.column, "_zdm_old", {}), change.column};
  return {change.column, unique_name(change.column, "_zdm_new", {})};
}

/// The author's words with `column` replaced by the name its side has now.
Assignment renamed(const Context& context, Assignment each, const std::string& from,
                   const std::string& to) {
  if (from == to) return each;
  each.expression = replace_columns(
      context.catalog.engine, each.expression,
      [&](std::string_view name) { return name == from ? quote_identifier(to) : std::string{}; });
  for (auto& name : each.reads) {
    if (name == from) name = to;
  }
  return each;
}

Result<Replacement> words_for(const Context& context, const ChangeColumn& change,
                              const Table& table, const Names& names, const Column& old) {
  const bool same_name = !change.name || *change.name == change.column;
  Replacement words{.table = change.table,
                    .old_columns = {names.old_name},
                    .carried = {{names.old_name, names.new_name}},
                    .common = change.common};
  if (same_name) words.old_roles = {{names.old_name, change.column}};
  Assignment up = copy_of(names.new_name, names.old_name);
  Assignment down = copy_of(names.old_name, names.new_name);
  if (change.common.up) {
    ZDM_TRY(up, assignment(context, table, names.new_name, *change.common.up, "`up`"));
    up = renamed(context, std::move(up), change.column, names.old_name);
  }
  if (change.common.down) {
    ZDM_TRY(down, assignment(context, table, names.old_name, *change.common.down, "`down`"));
    down = renamed(context, std::move(down), change.name.value_or(change.column), names.new_name);
  }
  const replacement::Subject subject{.context = context, .words = words, .table = table};
  auto before = replacement::old_shape(subject, names.old_name);
  before.name = names.old_name;
  Table shape = table;
  // Before two columns change places, neither has the name that it will have then.
  std::erase_if(shape.columns, [&](const Column& column) { return column.name == names.old_name; });
  shape.columns.push_back(before);
  auto derived = derived_default(context, shape, up, {names.old_name});
  words.new_columns = {{.name = names.new_name,
                        .type = change.type.value_or(old.type),
                        .like = names.old_name,
                        .not_null = before.not_null,
                        .default_sql = derived.sql,
                        .default_kind = derived.kind,
                        .role = same_name ? change.column : std::string{}}};
  words.forward = {std::move(up)};
  words.backward = {std::move(down)};
  return words;
}

Result<Replacement> replacement_of(const Context& context, const ChangeColumn& change) {
  ZDM_TRY(const Table table, subject_table(context, change.table));
  if (change.name && *change.name != change.column) {
    ZDM_TRY(const Column old,
            recorded_column(context, table, "old:" + change.column, change.column));
    return words_for(context, change, table, {change.column, *change.name}, old);
  }
  const bool exchanged = table.column(aside(change, true).old_name) != nullptr;
  const auto names = aside(change, exchanged);
  ZDM_TRY(const Column old,
          recorded_column(context, table, "old:" + change.column, names.old_name));
  ZDM_TRY(auto words, words_for(context, change, table, names, old));
  ZDM_TRY(auto other, words_for(context, change, table, aside(change, !exchanged), old));
  words.exchanged = std::make_shared<const Replacement>(std::move(other));
  return words;
}

}  // namespace

const KindInfo& ChangeColumn::info() {
  static constexpr KindInfo info{
      .kind = "change_column",
      .summary = "gives a column another type, under another name or under the same one",
      .keys = kKeys,
      .common_keys = "up down on_error user_triggers dual_write",
      .expand = "a new column of the new type is added, nullable and without default",
      .backfill =
          "a trigger keeps both columns equal through `up` and `down`, which are both required; "
          "existing rows are filled and every row is compared; indexes, checks and foreign keys "
          "get twins",
      .switch_ =
          "the new column gets NOT NULL and the unique constraints of the old one; under the "
          "same name, the two columns change names in one transaction",
      .contract =
          "every row is compared once more; the trigger goes, and the old column with what "
          "stood on it",
      .undo =
          "every phase but contract is undone without loss; a lossy `up` or `down` never "
          "overwrites a value its writer did not touch",
      .sqlite = true,
      .example =
          "[[change]]\nkind   = \"change_column\"\ntable  = \"orders\"\ncolumn = \"amount\"\n"
          "name   = \"amount_cents\"\ntype   = \"bigint\"\n"
          "up     = \"CAST(round(amount * 100) AS bigint)\"\ndown   = \"amount_cents / 100.0\"\n"};
  return info;
}

Result<ChangeColumn> ChangeColumn::decode(KeyReader& keys) {
  ChangeColumn change;
  ZDM_TRY(change.table, keys.table("table"));
  ZDM_TRY(change.column, keys.identifier("column"));
  ZDM_TRY(change.name, keys.optional_identifier("name"));
  ZDM_TRY(change.type, keys.optional_type("type"));
  ZDM_TRY(change.compatible, keys.optional_text("compatible"));
  ZDM_TRY(change.common, keys.common());
  if (!change.type && !change.common.up) {
    return fail_at(keys.where(), ErrorCode::usage,
                   "change_column changes nothing: it has neither `type` nor `up`",
                   "give the new type; for another name alone use rename_column");
  }
  if (!change.common.up || !change.common.down) {
    return fail_at(
        keys.where(), ErrorCode::usage,
        "change_column needs `up` and `down`: both releases write while both run",
        "for a plain cast: up = \"CAST(amount AS bigint)\", down = \"CAST(amount AS integer)\"");
  }
  return change;
}

CatalogRequest ChangeColumn::needs() const {
  return {.tables = {table}};
}

Result<Recipe> ChangeColumn::plan(const Context& context) const {
  ZDM_TRY(const Replacement replacement, replacement_of(context, *this));
  ZDM_TRY(Recipe recipe, plan_replacement(context, replacement));
  if (replacement.exchanged && context.phase == Phase::expand && !compatible) {
    recipe.warnings.push_back(
        {.code = "breaks-previous-release",
         .message =
             fmt::format("from switch on, the running release reads {}.{} with its new type: "
                         "give the column another name, or say compatible = \"reason\"",
                         quote(table), quote_identifier(column))});
  }
  return recipe;
}

Result<Recipe> ChangeColumn::undo(const Context& context) const {
  ZDM_TRY(const Replacement replacement, replacement_of(context, *this));
  return undo_replacement(context, replacement);
}

}  // namespace zdm::planner
