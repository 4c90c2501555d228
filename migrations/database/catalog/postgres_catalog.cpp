#include <algorithm>
#include <set>
#include <utility>

#include "database/catalog/readers.hpp"
#include "database/catalog/records.hpp"

namespace zdm::migrations {

using planner::Catalog;
using planner::CatalogRequest;
using planner::EnumType;
using planner::Table;
using planner::TableName;

std::string oid_array(const Catalog& catalog) {
  std::string array = "{";
  for (const Table& table : catalog.tables) {
    array += (array.size() > 1 ? "," : "") + std::to_string(table.oid);
  }
  return array + "}";
}

Table& table_of(Catalog& catalog, std::uint32_t oid) {
  return *std::ranges::find(catalog.tables, oid, &Table::oid);
}

namespace {

Result<void> read_session(Connection& connection, Catalog& catalog) {
  constexpr std::string_view kSql = R"(
    SELECT current_user AS name,
           to_json(current_schemas(false)) AS search_path,
           (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser)";
  return for_each(connection, kSql, {}, [&](const Record& row) {
    catalog.user = row.text("name");
    catalog.search_path = row.texts("search_path");
    catalog.superuser = row.flag("superuser");
  });
}

/// The oids of what was asked for: by schema and name, or through the search path, first schema
/// first.
Result<void> find_tables(Connection& connection, const CatalogRequest& request, Catalog& catalog) {
  std::vector<std::vector<std::string>> asked;
  for (const TableName& name : request.tables) {
    asked.push_back({"table", name.schema, name.name});
  }
  for (const TableName& name : request.indexes) {
    asked.push_back({"index", name.schema, name.name});
  }
  constexpr std::string_view kSql = R"(
    WITH path AS MATERIALIZED (
      SELECT n.oid, p.place
        FROM unnest(current_schemas(false)) WITH ORDINALITY AS p(name, place)
        JOIN pg_namespace n ON n.nspname = p.name)
    SELECT coalesce(i.indrelid, found.oid) AS oid
      FROM json_array_elements($1::json) WITH ORDINALITY AS asked(item, place)
     CROSS JOIN LATERAL (
      SELECT c.oid
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN path ON path.oid = n.oid
       WHERE c.relname = (asked.item ->> 2)::name
         AND CASE asked.item ->> 1 WHEN '' THEN path.place IS NOT NULL
                                   ELSE n.nspname = (asked.item ->> 1)::name END
         AND CASE asked.item ->> 0 WHEN 'index' THEN c.relkind IN ('i', 'I')
                                   ELSE c.relkind IN ('r', 'p', 'f', 'v', 'm') END
       ORDER BY path.place
       LIMIT 1) AS found
      LEFT JOIN pg_index i ON i.indexrelid = found.oid
     ORDER BY asked.place)";
  return for_each(connection, kSql, {to_json(asked)}, [&](const Record& row) {
    if (std::as_const(catalog).table_by_oid(row.oid("oid")) == nullptr) {
      catalog.tables.emplace_back().oid = row.oid("oid");
    }
  });
}

Result<void> read_enums(Connection& connection, const CatalogRequest& request, Catalog& catalog) {
  std::vector<std::vector<std::string>> asked;
  for (const TableName& name : request.types) {
    asked.push_back({name.schema, name.name});
  }
  if (asked.empty()) {
    return {};
  }
  constexpr std::string_view kSql = R"(
    SELECT n.nspname AS schema, t.typname AS name,
           (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder)
              FROM pg_enum e
             WHERE e.enumtypid = t.oid) AS labels
      FROM json_array_elements($1::json) AS asked(item)
      JOIN pg_type t ON t.typname = (asked.item ->> 1)::name AND t.typtype = 'e'
      JOIN pg_namespace n ON n.oid = t.typnamespace
     WHERE CASE asked.item ->> 0 WHEN '' THEN pg_type_is_visible(t.oid)
                                 ELSE n.nspname = (asked.item ->> 0)::name END)";
  return for_each(connection, kSql, {to_json(asked)}, [&](const Record& row) {
    catalog.enums.push_back(
        EnumType{.name = {row.text("schema"), row.text("name")}, .labels = row.texts("labels")});
  });
}

using Range = std::vector<std::string>;  ///< schema, from, up to

/// Where names near this one begin and end: itself, and what is made of it, an underscore and more
/// (sql/quote.hpp, unique_name). A long one may have been cut. The bounds end in ASCII, so that
/// they are text in every encoding.
std::vector<Range> near(const TableName& name) {
  constexpr std::size_t kLongest = 40;
  if (name.name.size() <= kLongest) {
    return {{name.schema, name.name, name.name + " "},
            {name.schema, name.name + "_", name.name + "`"}};  // '`' follows '_'
  }
  std::string from = name.name.substr(0, kLongest);
  while (!from.empty() && (from.back() < ' ' || from.back() > '}')) from.pop_back();
  if (from.empty()) return {};
  std::string to = from;
  to.back() = static_cast<char>(to.back() + 1);
  return {{name.schema, from, to}};
}

std::string ranges_near(const CatalogRequest& request, const Catalog& catalog) {
  std::set<Range> ranges;
  const auto add = [&](const TableName& name) {
    for (Range& range : near(name)) ranges.insert(std::move(range));
  };
  for (const Table& table : catalog.tables) {
    add(table.name);
    for (const auto& index : table.indexes) {
      add(index.name);
    }
  }
  for (const auto* names : {&request.tables, &request.indexes}) {
    for (const TableName& name : *names) {
      if (!name.schema.empty()) {
        add(name);
      }
      for (const std::string& schema : catalog.search_path) {
        if (name.schema.empty()) {
          add({schema, name.name});
        }
      }
    }
  }
  return to_json({ranges.begin(), ranges.end()});
}

/// Names of relations near those asked for: ranges of pg_class_relname_nsp_index.
Result<void> read_taken(Connection& connection, const CatalogRequest& request, Catalog& catalog) {
  constexpr std::string_view kSql = R"(
    SELECT DISTINCT n.nspname AS schema, c.relname AS name
      FROM json_array_elements($1::json) AS near(item)
      JOIN pg_namespace n ON n.nspname = (near.item ->> 0)::name
      JOIN pg_class c ON c.relnamespace = n.oid
                     AND c.relname >= (near.item ->> 1)::name
                     AND c.relname < (near.item ->> 2)::name
     ORDER BY 1, 2)";
  return for_each(connection, kSql, {ranges_near(request, catalog)}, [&](const Record& row) {
    catalog.taken.push_back({row.text("schema"), row.text("name")});
  });
}

}  // namespace

Result<Catalog> read_postgres_catalog(Connection& connection, const CatalogRequest& request) {
  Catalog catalog;
  catalog.engine = Engine::postgresql;
  catalog.server_version = connection.server_version();
  ZDM_CHECK(read_session(connection, catalog));
  ZDM_CHECK(find_tables(connection, request, catalog));
  if (request.below_views) {
    ZDM_CHECK(find_below_views(connection, catalog));
  }
  if (!catalog.tables.empty()) {
    for (const auto read :
         {read_relations, read_access, read_leaves, read_columns, read_indexes, read_constraints,
          read_triggers, read_dependents, read_partition_objects, read_rebinds, read_functions}) {
      ZDM_CHECK(read(connection, catalog));
    }
  }
  ZDM_CHECK(read_enums(connection, request, catalog));
  ZDM_CHECK(read_taken(connection, request, catalog));
  return catalog;
}

}  // namespace zdm::migrations
