#include "recipes/index_words.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "recipes/check.hpp"
#include "recipes/guarantee.hpp"
#include "recipes/statements.hpp"
#include "recipes/subject.hpp"
#include "sql/quote.hpp"

namespace zdm::planner {

namespace {

void add_attnums(const Table& table, const std::vector<std::string>& columns, Index& index) {
  for (const auto& name : columns) {
    const auto* column = table.column(name);
    if (column != nullptr &&
        std::ranges::find(index.attnums, column->attnum) == index.attnums.end()) {
      index.attnums.push_back(column->attnum);
    }
  }
}

/// A key of an index is an expression with an order behind it, which is not an expression.
std::string bare(std::string text) {
  std::string lower = text;
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const std::string_view end : {" nulls first", " nulls last", " asc", " desc"}) {
    if (!lower.ends_with(end)) continue;
    lower.resize(lower.size() - end.size());
    text.resize(lower.size());
  }
  return text;
}

}  // namespace

Result<IndexWords> decode_index(KeyReader& keys) {
  ZDM_TRY(auto table, keys.table("table"));
  ZDM_TRY(IndexWords words, decode_index_of(keys, std::move(table)));
  return words;
}

Result<IndexWords> decode_index_of(KeyReader& keys, TableName table) {
  IndexWords words{.table = std::move(table)};
  ZDM_TRY(words.name, keys.identifier("name"));
  ZDM_TRY(words.columns, keys.sql_list("columns"));
  ZDM_TRY(words.unique, keys.flag("unique", false));
  ZDM_TRY(const auto method, keys.optional_identifier("method"));
  words.method = method.value_or("btree");
  ZDM_TRY(words.include, keys.optional_identifiers("include"));
  ZDM_TRY(words.where, keys.optional_sql("where"));
  ZDM_TRY(words.with, keys.optional_text("with"));
  return words;
}

Result<Index> index_of(const Context& context, const Table& table, const IndexWords& words) {
  const bool sqlite = context.catalog.engine == Engine::sqlite;
  Index index{
      .name = {table.name.schema, words.name}, .method = words.method, .unique = words.unique};
  if (sqlite && (words.method != "btree" || !words.include.empty() || words.with)) {
    return fail_at(where_of(context), ErrorCode::refused,
                   "SQLite's indexes know no method, INCLUDE or WITH", "leave those keys out");
  }
  for (const auto& column : words.columns) {
    auto part = column;
    part.text = bare(column.text);
    ZDM_TRY(const auto facts,
            check_expression(context.catalog.engine, part, "an entry of `columns`"));
    for (const auto& name : facts.columns) ZDM_CHECK(subject_column(context, table, name));
    add_attnums(table, facts.columns, index);
    const bool plain = facts.columns.size() == 1 && facts.functions.empty() &&
                       (part.text == facts.columns.front() ||
                        part.text == quote_identifier(facts.columns.front()));
    const auto* present = plain ? table.column(facts.columns.front()) : nullptr;
    const auto text =
        plain ? quote_identifier(facts.columns.front()) : fmt::format("({})", part.text);
    const auto suffix = column.text.substr(part.text.size());
    index.keys.push_back({.attnum = present == nullptr ? 0 : present->attnum,
                          .sql = text + suffix,
                          .suffix = suffix});
  }
  index.include = words.include;
  add_attnums(table, words.include, index);
  if (words.with) index.with = *words.with;
  if (words.where) {
    ZDM_TRY(const auto facts, check_expression(context.catalog.engine, *words.where, "`where`"));
    add_attnums(table, facts.columns, index);
    index.predicate = words.where->text;
  }
  index.definition = statements::create_index(context.catalog.engine, table.name, index,
                                              statements::Building::concurrently);
  return index;
}

Result<void> refuse_levels(const Context& context, const Table& table) {
  if (table.kind != TableKind::partitioned || !table.subpartitioned) return {};
  return fail_at(where_of(context), ErrorCode::refused,
                 fmt::format("{} is partitioned on more than one level, on which zdm builds no "
                             "index yet",
                             quote(table.name)),
                 "make it by kind = \"sql\": CREATE INDEX … ON ONLY each partitioned table, "
                 "CREATE INDEX CONCURRENTLY on each leaf, then ALTER INDEX … ATTACH PARTITION "
                 "from the lowest level up");
}

std::vector<Fragment> build(const Context& context, const Table& table, const Index& index) {
  if (context.catalog.engine == Engine::postgresql) {
    return statements::build_index(table, index, index.definition);
  }
  auto fragment = guarantee::fragment({context, table}, Slot::build, StepKind::transaction,
                                      "holds SQLite's write lock while it is built");
  fragment.step.sql = {index.definition};
  fragment.step.scans = true;
  fragment.step.effects = {PutIndex{table.name, index}};
  return {std::move(fragment)};
}

Fragment drop(const Context& context, const Table& table, const Index& index) {
  if (context.catalog.engine == Engine::postgresql) {
    return statements::drop_index_concurrently(table, index);
  }
  auto fragment =
      guarantee::fragment({context, table}, Slot::retire_concurrently, StepKind::transaction, "");
  fragment.step.sql = {statements::drop_index(index.name)};
  fragment.step.effects = {DropIndex{table.name, index.name.name}};
  return fragment;
}

}  // namespace zdm::planner
