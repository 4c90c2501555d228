#include <fmt/format.h>

#include <algorithm>

#include "database/catalog/records.hpp"
#include "database/catalog/sqlite_readers.hpp"
#include "database/catalog/words.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {

using planner::Index;
using planner::IndexKey;
using planner::Table;

namespace {

/// Where the collation and order at the end of an expression begin.
std::size_t suffix_of(const SqlItem& item) {
  std::size_t at = item.tokens.size();
  if (at > 1 && (item.word(at - 1) == "ASC" || item.word(at - 1) == "DESC")) {
    --at;
  }
  if (at > 2 && item.word(at - 2) == "COLLATE") {
    at -= 2;
  }
  return at;
}

IndexKey expression_key(const SqlStatement& statement, const SqlItem& item) {
  const std::size_t end = suffix_of(item);
  const std::string suffix = statement.from(item, end, item.tokens.size());
  IndexKey key{.attnum = 0, .sql = {}, .suffix = suffix.empty() ? "" : " " + suffix};
  key.sql = statement.from(item, 0, end) + key.suffix;
  return key;
}

IndexKey column_key(const Record& row, const Table& table) {
  const auto* column = table.column(row.number("cid") + 1);
  const bool plain = column == nullptr || column->collation.empty();
  const std::string own = plain ? "binary" : unquoted(column->collation);
  const std::string collation = row.text("coll");
  std::string suffix = lower(collation) == lower(own) ? "" : " COLLATE " + collation_sql(collation);
  suffix += row.flag("desc") ? " DESC" : "";
  return IndexKey{.attnum = row.number("cid") + 1,
                  .sql = planner::quote_identifier(row.text("name")) + suffix,
                  .suffix = suffix};
}

Result<void> read_keys(Connection& connection, const Table& table, Index& index) {
  const SqlStatement statement = cut_statement(index.definition);
  constexpr std::string_view kSql = R"(
    SELECT seqno, cid, name, "desc", coll FROM pragma_index_xinfo($1) WHERE key ORDER BY seqno)";
  ZDM_CHECK(for_each(connection, kSql, {index.name.name}, [&](const Record& row) {
    const auto place = static_cast<std::size_t>(row.integer("seqno"));
    if (row.null("name") && place < statement.items.size()) {
      index.keys.push_back(expression_key(statement, statement.items[place]));
    } else {
      index.keys.push_back(column_key(row, table));
    }
  }));
  if (statement.tail.word(0) == "WHERE") {
    index.predicate = statement.from(statement.tail, 1, statement.tail.tokens.size());
  }
  std::string text = index.predicate;
  for (const IndexKey& key : index.keys) {
    text += " " + key.sql;
  }
  index.attnums = columns_in(text, table);
  return {};
}

}  // namespace

Result<void> read_sqlite_indexes(Connection& connection, Table& table) {
  // origin: c CREATE INDEX, u UNIQUE constraint, pk PRIMARY KEY.
  constexpr std::string_view kSql = R"(
    SELECT l.name, l."unique" AS is_unique, l.origin, m.sql
      FROM pragma_index_list($1) AS l
      LEFT JOIN sqlite_schema AS m ON m.type = 'index' AND m.name = l.name
     ORDER BY l.name)";
  ZDM_CHECK(for_each(connection, kSql, {table.name.name}, [&](const Record& row) {
    Index& index = table.indexes.emplace_back();
    index.name = {"", row.text("name")};
    index.unique = row.flag("is_unique");
    index.primary = row.text("origin") == "pk";
    index.constraint = row.text("origin") == "c" ? "" : row.text("name");
    index.definition = row.text("sql");
  }));
  for (Index& index : table.indexes) {
    ZDM_CHECK(read_keys(connection, table, index));
  }
  return {};
}

}  // namespace zdm::migrations
