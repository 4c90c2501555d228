#include <fmt/format.h>

#include <algorithm>

#include "database/catalog/readers.hpp"
#include "database/catalog/records.hpp"
#include "database/open.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {

using planner::Catalog;
using planner::Table;
using planner::TableKind;

namespace {

/// pg_relation_size() and a look for a row need ACCESS SHARE, which waits behind a DDL of someone
/// else, or may not be given to us: then the estimates stand. Anything but that is an error.
Result<void> look(Connection& connection, auto&& reads) {
  ZDM_CHECK(connection.run("SAVEPOINT zdm_look"));
  Result<void> done = reads();
  if (done) {
    ZDM_CHECK(connection.run("RELEASE SAVEPOINT zdm_look"));
    return {};
  }
  const Trouble trouble = classify(done.error().sqlstate);
  if (trouble != Trouble::lock && trouble != Trouble::privilege && trouble != Trouble::cancelled) {
    return done;
  }
  ZDM_CHECK(connection.run("ROLLBACK TO SAVEPOINT zdm_look"));
  return {};
}

/// Leaves by pg_inherits, without the locks that pg_partition_tree() takes.
Result<void> read_tree(Connection& connection, Catalog& catalog) {
  constexpr std::string_view kSql = R"(
    WITH RECURSIVE tree AS (
      SELECT c.oid AS root, c.oid, c.relkind, c.relnamespace, c.relname, c.reltuples, c.relpages
        FROM pg_class c
       WHERE c.oid = ANY ($1::oid[])
       UNION ALL
      SELECT t.root, c.oid, c.relkind, c.relnamespace, c.relname, c.reltuples, c.relpages
        FROM tree t
        JOIN pg_inherits i ON i.inhparent = t.oid
        JOIN pg_class c ON c.oid = i.inhrelid
       WHERE t.relkind = 'p')
    SELECT t.root, t.oid, t.relkind, t.oid = t.root AS is_root, n.nspname AS schema,
           t.relname AS name, greatest(t.reltuples, 0) AS rows,
           t.relpages::bigint * current_setting('block_size')::bigint AS bytes
      FROM tree t
      JOIN pg_namespace n ON n.oid = t.relnamespace
     WHERE t.relkind IN ('r', 'f', 'm', 'p')
     ORDER BY t.root, n.nspname, t.relname)";
  return for_each(connection, kSql, {oid_array(catalog)}, [&](const Record& row) {
    Table& table = table_of(catalog, row.oid("root"));
    if (row.text("relkind") == "p") {
      table.subpartitioned = table.subpartitioned || !row.flag("is_root");
      return;
    }
    table.leaves.push_back({row.text("schema"), row.text("name")});
    table.rows += row.real("rows");
    table.bytes += row.integer("bytes");
  });
}

Result<void> read_sizes(Connection& connection, Table& table) {
  std::vector<std::vector<std::string>> leaves;
  for (const auto& leaf : table.leaves) {
    leaves.push_back({leaf.schema, leaf.name});
  }
  constexpr std::string_view kSql = R"(
    SELECT coalesce(sum(pg_relation_size(c.oid)), 0) AS bytes
      FROM json_array_elements($1::json) AS leaf(item)
      JOIN pg_namespace n ON n.nspname = (leaf.item ->> 0)::name
      JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = (leaf.item ->> 1)::name)";
  return for_each(connection, kSql, {to_json(leaves)}, [&](const Record& row) {
    table.bytes = row.integer("bytes");
    table.empty = table.bytes == 0;
  });
}

/// A page at the most for each leaf: cheap to look, and how a table looks whose rows were deleted.
Result<void> look_for_a_row(Connection& connection, Table& table) {
  constexpr std::int64_t kPage = 8192;
  constexpr std::size_t kMostLeaves = 100;
  if (table.empty || table.leaves.size() > kMostLeaves ||
      table.bytes > kPage * static_cast<std::int64_t>(table.leaves.size())) {
    return {};
  }
  const bool only = table.kind == TableKind::table;
  ZDM_TRY(const Rows rows,
          connection.run(fmt::format("SELECT NOT EXISTS (SELECT FROM {}{})", only ? "ONLY " : "",
                                     planner::quote(table.name))));
  table.empty = rows.first_true();
  return {};
}

}  // namespace

Result<void> read_leaves(Connection& connection, Catalog& catalog) {
  ZDM_CHECK(read_tree(connection, catalog));
  for (Table& table : catalog.tables) {
    const auto reads = [&]() -> Result<void> {
      ZDM_CHECK(read_sizes(connection, table));
      return look_for_a_row(connection, table);
    };
    if (table.kind == TableKind::table || table.kind == TableKind::partitioned ||
        table.kind == TableKind::materialized_view) {
      ZDM_CHECK(look(connection, reads));
    }
  }
  return {};
}

}  // namespace zdm::migrations
