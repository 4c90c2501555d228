#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "database/catalog/readers.hpp"
#include "database/catalog/records.hpp"
#include "database/catalog/sqlite_readers.hpp"
#include "database/catalog/words.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {

using planner::Catalog;
using planner::CatalogRequest;
using planner::Table;
using planner::TableKind;
using planner::TableName;

std::vector<int> columns_in(std::string_view text, const Table& table) {
  const std::set<std::string> words = words_of(text);
  std::vector<int> attnums;
  for (const auto& column : table.columns) {
    if (words.contains(lower(column.name))) {
      attnums.push_back(column.attnum);
    }
  }
  return attnums;
}

namespace {

bool has_word(const SqlItem& item, std::string_view first, std::string_view second = {}) {
  for (std::size_t at = 0; at < item.tokens.size(); ++at) {
    if (item.word(at) == first && (second.empty() || item.word(at + 1) == second)) {
      return true;
    }
  }
  return false;
}

Result<void> find_table(Connection& connection, const std::string& type, const TableName& name,
                        Catalog& catalog) {
  constexpr std::string_view kSql = R"(
    SELECT t.type, t.name, t.sql
      FROM sqlite_schema AS found
      JOIN sqlite_schema AS t ON t.name = found.tbl_name AND t.type IN ('table', 'view')
     WHERE found.name = $1 COLLATE NOCASE
       AND CASE $2 WHEN 'index' THEN found.type = 'index' ELSE found.type IN ('table', 'view') END)";
  // Those of TEMP belong to a connection, and attached files are other databases.
  if (!name.schema.empty() && lower(name.schema) != "main") return {};
  return for_each(connection, kSql, {name.name, type}, [&](const Record& row) {
    const TableName found{"", row.text("name")};
    if (std::as_const(catalog).table(found) != nullptr) {
      return;
    }
    Table& table = catalog.tables.emplace_back();
    table.name = found;
    table.sql = row.text("sql");
    table.kind = row.text("type") == "view" ? TableKind::view : TableKind::table;
  });
}

/// sqlite_stat1 where ANALYZE was run, else the highest rowid, which is one look at the b-tree.
Result<void> read_rows(Connection& connection, Table& table) {
  const std::string name = planner::quote(table.name);
  ZDM_TRY(const Rows row,
          connection.run(fmt::format("SELECT NOT EXISTS (SELECT 1 FROM {})", name)));
  table.empty = row.first_true();
  ZDM_TRY(const Rows stat, connection.run(R"(
    SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1')"));
  if (!stat.empty()) {
    ZDM_CHECK(for_each(connection, R"(
      SELECT max(CAST(stat AS INTEGER)) AS rows FROM sqlite_stat1 WHERE tbl = $1 COLLATE NOCASE)",
                       {table.name.name},
                       [&](const Record& found) { table.rows = found.real("rows"); }));
  }
  if (table.rows == 0 && !table.empty) {
    // Without rowids there is no such short cut: counting ends where the number no longer matters.
    ZDM_TRY(const Rows count,
            connection.run(
                table.without_rowid
                    ? fmt::format("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT 100000)", name)
                    : fmt::format("SELECT max(rowid) FROM {}", name)));
    table.rows = std::max(1.0, static_cast<double>(count.first_integer()));
  }
  return {};
}

/// How much of the file is this table's is known only to a scan of it: the whole file is taken,
/// which is the most it can be.
Result<void> read_bytes(Connection& connection, Catalog& catalog) {
  ZDM_TRY(const Rows rows, connection.run(R"(
    SELECT pages.page_count * size.page_size
      FROM pragma_page_count() AS pages, pragma_page_size() AS size)"));
  for (Table& table : catalog.tables) {
    table.bytes = table.empty || table.kind != TableKind::table ? 0 : rows.first_integer();
  }
  return {};
}

Result<void> read_table(Connection& connection, Table& table) {
  const SqlStatement statement = cut_statement(table.sql);
  if (has_word(statement.head, "CREATE", "VIRTUAL")) {
    table.kind = TableKind::virtual_;
  }
  ZDM_CHECK(read_sqlite_columns(connection, statement, table));
  if (table.kind == TableKind::table) {
    table.without_rowid = has_word(statement.tail, "WITHOUT", "ROWID");
    table.strict = has_word(statement.tail, "STRICT");
    table.leaves = {table.name};
    ZDM_CHECK(read_sqlite_indexes(connection, table));
    ZDM_CHECK(read_sqlite_constraints(connection, statement, table));
    ZDM_CHECK(read_rows(connection, table));
  } else if (table.kind == TableKind::view) {
    const SqlItem all = tokens_of(table.sql);
    for (std::size_t at = 0; at < all.tokens.size() && table.view_query.empty(); ++at) {
      if (all.word(at) == "AS") {
        table.view_query = table.sql.substr(std::min(all.starts[at] + 3, table.sql.size()));
      }
    }
  }
  return read_sqlite_dependents(connection, table);
}

}  // namespace

Result<Catalog> read_sqlite_catalog(Connection& connection, const CatalogRequest& request) {
  Catalog catalog;
  catalog.engine = Engine::sqlite;
  catalog.server_version = connection.server_version();
  for (const TableName& name : request.tables) {
    ZDM_CHECK(find_table(connection, "table", name, catalog));
  }
  for (const TableName& name : request.indexes) {
    ZDM_CHECK(find_table(connection, "index", name, catalog));
  }
  for (Table& table : catalog.tables) {
    ZDM_CHECK(read_table(connection, table));
  }
  ZDM_CHECK(read_bytes(connection, catalog));
  ZDM_CHECK(for_each(connection, "SELECT name FROM sqlite_schema ORDER BY name", {},
                     [&](const Record& row) {
                       catalog.taken.push_back({"", row.text("name")});
                     }));
  return catalog;
}

}  // namespace zdm::migrations
