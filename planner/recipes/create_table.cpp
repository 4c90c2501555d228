#include "recipes/create_table.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "locks/claims.hpp"
#include "recipes/check.hpp"
#include "recipes/guarantee.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "recipes/view_words.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

constexpr std::array kKeys = {
    KeyInfo{"table", "table", true, "the new table"},
    KeyInfo{"columns", "list of {name, type, not_null, default, identity, check, comment}", true,
            "its columns, in order"},
    KeyInfo{"primary_key", "list of names", false, "the primary key"},
    KeyInfo{"unique", "list of lists of names", false, "columns no two rows may agree in"},
};

Result<CreateTable::ColumnWords> decode_column(KeyReader& keys) {
  CreateTable::ColumnWords column;
  ZDM_TRY(column.name, keys.identifier("name"));
  ZDM_TRY(column.type, keys.type("type", KeyReader::Serial::taken));
  ZDM_TRY(column.not_null, keys.flag("not_null", false));
  ZDM_TRY(column.default_value, keys.optional_sql("default"));
  ZDM_TRY(column.identity, keys.optional_text("identity"));
  ZDM_TRY(column.check, keys.optional_sql("check"));
  ZDM_TRY(column.comment, keys.optional_text("comment"));
  ZDM_CHECK(keys.finish());
  if (column.identity && *column.identity != "always" && *column.identity != "by default") {
    return fail_at(keys.where("identity"), ErrorCode::usage,
                   fmt::format("`identity` cannot be \"{}\"", *column.identity),
                   "one of: always, by default");
  }
  return column;
}

Result<std::string> column_sql(const Context& context, const CreateTable::ColumnWords& column) {
  const bool sqlite = context.catalog.engine == Engine::sqlite;
  if (sqlite && (column.identity || column.comment)) {
    return fail_at(
        where_of(context), ErrorCode::refused,
        fmt::format("SQLite knows no {} (column {})", column.identity ? "identity" : "comment",
                    quote_identifier(column.name)),
        "an INTEGER PRIMARY KEY counts by itself; leave `comment` out");
  }
  auto sql = fmt::format("{} {}", quote_identifier(column.name), column.type);
  if (column.identity) {
    sql += fmt::format(" GENERATED {} AS IDENTITY",
                       *column.identity == "always" ? "ALWAYS" : "BY DEFAULT");
  }
  if (column.default_value) {
    ZDM_CHECK(check_expression(context.catalog.engine, *column.default_value, "`default`"));
    sql += sqlite ? fmt::format(" DEFAULT ({})", column.default_value->text)
                  : fmt::format(" DEFAULT {}", column.default_value->text);
  }
  if (column.not_null) sql += " NOT NULL";
  if (column.check) {
    ZDM_CHECK(check_expression(context.catalog.engine, *column.check, "`check`"));
    sql += fmt::format(" CHECK ({}\n)", column.check->text);
  }
  return sql;
}

Table shape_of(const Context& context, const CreateTable& change, const std::string& create) {
  Table table{.name = views::placed(context, change.table), .empty = true};
  table.leaves = {table.name};
  for (const auto& column : change.columns) {
    Column shape{.name = column.name,
                 .attnum = static_cast<int>(table.columns.size()) + 1,
                 .type = column.type,
                 .not_null = column.not_null};
    if (column.default_value) {
      shape.default_sql = column.default_value->text;
      shape.default_kind = DefaultKind::volatile_;
    }
    if (column.identity) {
      shape.identity = *column.identity == "always" ? Identity::always : Identity::by_default;
    }
    const auto in_key =
        std::ranges::find(change.primary_key, column.name) != change.primary_key.end();
    shape.not_null = shape.not_null || in_key || shape.identity != Identity::none;
    table.columns.push_back(std::move(shape));
  }
  if (context.catalog.engine == Engine::sqlite) table.sql = create;
  return table;
}

}  // namespace

const KindInfo& CreateTable::info() {
  static constexpr KindInfo info{
      .kind = "create_table",
      .summary = "makes a new table",
      .keys = kKeys,
      .common_keys = "",
      .expand = "the table is created",
      .backfill = "",
      .switch_ = "",
      .contract = "",
      .undo = "the table is dropped; with it goes what the next release wrote there",
      .sqlite = true,
      .example =
          "[[change]]\nkind        = \"create_table\"\ntable       = \"orders\"\n"
          "columns     = [\n  {name = \"id\", type = \"bigint\", identity = \"always\"},\n"
          "  {name = \"state\", type = \"text\", not_null = true, default = \"'new'\"},\n]\n"
          "primary_key = [\"id\"]\n"};
  return info;
}

Result<CreateTable> CreateTable::decode(KeyReader& keys) {
  CreateTable change;
  ZDM_TRY(change.table, keys.table("table"));
  ZDM_TRY(auto columns, keys.objects("columns"));
  for (auto& each : columns) {
    ZDM_TRY(auto column, decode_column(each));
    change.columns.push_back(std::move(column));
  }
  if (change.columns.empty()) {
    return fail_at(keys.where("columns"), ErrorCode::usage, "`columns` is an empty list",
                   "columns = [{name = \"id\", type = \"bigint\"}]");
  }
  ZDM_TRY(change.primary_key, keys.optional_identifiers("primary_key"));
  ZDM_TRY(change.unique, keys.optional_identifier_lists("unique"));
  return change;
}

CatalogRequest CreateTable::needs() const {
  return {.tables = {table}};
}

Result<Recipe> CreateTable::plan(const Context& context) const {
  Recipe recipe;
  if (context.phase != Phase::expand) return recipe;
  if (context.catalog.table(table) != nullptr) {
    return fail_at(where_of(context), ErrorCode::refused,
                   fmt::format("{} exists already", quote(table)), "choose another name");
  }
  std::vector<std::string> lines;
  for (const auto& column : columns) {
    ZDM_TRY(auto line, column_sql(context, column));
    lines.push_back(std::move(line));
  }
  if (!primary_key.empty())
    lines.push_back(fmt::format("PRIMARY KEY ({})", quote_list(primary_key)));
  for (const auto& list : unique) lines.push_back(fmt::format("UNIQUE ({})", quote_list(list)));
  const auto name = views::placed(context, table);
  const auto create =
      fmt::format("CREATE TABLE {} (\n  {}\n)", quote(name), fmt::join(lines, ",\n  "));
  const auto shape = shape_of(context, *this, create);
  auto step = guarantee::fragment({context, shape}, Slot::shape, StepKind::transaction, "");
  step.step.sql = {create};
  for (const auto& column : columns) {
    if (!column.comment) continue;
    step.step.sql.push_back(fmt::format("COMMENT ON COLUMN {}.{} IS {}", quote(name),
                                        quote_identifier(column.name),
                                        quote_literal(*column.comment)));
  }
  step.step.records = {
      RecordName{.change = context.change, .role = "table", .table = name, .name = name.name}};
  step.step.effects = {PutTable{shape}};
  recipe.fragments.push_back(std::move(step));
  return recipe;
}

Result<Recipe> CreateTable::undo(const Context& context) const {
  Recipe recipe;
  if (context.phase != Phase::expand ||
      context.progress.column(context.change, "table") == nullptr) {
    return recipe;
  }
  const auto* present = context.catalog.table(table);
  const Table gone{.name = views::placed(context, table)};
  const auto& subject = present == nullptr ? gone : *present;
  const guarantee::Site site{context, subject};
  auto step = guarantee::fragment(site, Slot::retire, StepKind::transaction, "");
  guarantee::forget(site, "table", step.step);
  if (present != nullptr) {
    step.step.sql = {fmt::format("DROP TABLE {}", quote(subject.name))};
    step.step.effects = {DropTable{subject.name}};
    step.step.locks = statements::drop_table_claims(context.catalog.engine, subject);
  }
  recipe.fragments.push_back(std::move(step));
  return recipe;
}

}  // namespace zdm::planner
