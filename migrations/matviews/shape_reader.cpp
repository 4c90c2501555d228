#include "matviews/shape_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "database/catalog/readers.hpp"

namespace zdm::migrations {
namespace {

using planner::MatviewShape;
using planner::ShapeColumn;
using planner::ShapeIndex;
using planner::ShapeStatistics;
using Json = nlohmann::json;

// Columns of the catalog that only some versions have are read through to_jsonb(): attcompression
// (14), stxstattarget (13). attstattarget is null instead of -1 from 17 on.
constexpr std::string_view kShape = R"(
    SELECT jsonb_build_object(
      'owner', pg_get_userbyid(c.relowner),
      'definition', rtrim(pg_get_viewdef(c.oid), '; '),
      'access_method', am.amname,
      'tablespace', coalesce(ts.spcname, ''),
      'options', coalesce(to_jsonb(c.reloptions), '[]')
        || coalesce((SELECT jsonb_agg('toast.' || o) FROM unnest(tc.reloptions) o), '[]'),
      'comment', coalesce(obj_description(c.oid, 'pg_class'), ''),
      'columns', (SELECT jsonb_agg(jsonb_build_object(
                    'name', a.attname,
                    'type', format_type(a.atttypid, a.atttypmod) || ' ' || a.attcollation,
                    'statistics', coalesce(a.attstattarget, -1),
                    'storage', CASE WHEN a.attstorage = t.typstorage THEN ''
                                    ELSE CASE a.attstorage WHEN 'p' THEN 'PLAIN'
                                         WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN'
                                         ELSE 'EXTENDED' END END,
                    'compression', CASE to_jsonb(a) ->> 'attcompression'
                                     WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' ELSE '' END,
                    'options', coalesce(to_jsonb(a.attoptions), '[]'),
                    'comment', coalesce(col_description(c.oid, a.attnum), ''))
                    ORDER BY a.attnum)
                  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
                  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
      'indexes', (SELECT jsonb_agg(jsonb_build_object(
                    'name', ic.relname, 'unique', i.indisunique, 'clustered', i.indisclustered,
                    'tail', substr(pg_get_indexdef(i.indexrelid), 1 + length(format(
                              'CREATE %sINDEX %I ON %I.%I USING ',
                              CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END,
                              ic.relname, n.nspname, c.relname))),
                    'tablespace', coalesce(its.spcname, ''),
                    'comment', coalesce(obj_description(ic.oid, 'pg_class'), ''),
                    'statistics', (SELECT jsonb_agg(jsonb_build_array(a.attnum, a.attstattarget)
                                                    ORDER BY a.attnum)
                                     FROM pg_attribute a
                                    WHERE a.attrelid = ic.oid AND a.attstattarget >= 0))
                    ORDER BY ic.relname)
                  FROM pg_index i
                  JOIN pg_class ic ON ic.oid = i.indexrelid
                  LEFT JOIN pg_tablespace its ON its.oid = ic.reltablespace
                  WHERE i.indrelid = c.oid AND i.indisvalid),
      'statistics', (SELECT jsonb_agg(jsonb_build_object(
                       'schema', sn.nspname, 'name', s.stxname,
                       'owner', pg_get_userbyid(s.stxowner),
                       'body', left(substr(d.def, 1 + length(format('CREATE STATISTICS %I.%I ',
                                                                    sn.nspname, s.stxname))),
                                    - length(format(' FROM %I.%I', n.nspname, c.relname))),
                       'target', coalesce((to_jsonb(s) ->> 'stxstattarget')::int, -1),
                       'comment', coalesce(obj_description(s.oid, 'pg_statistic_ext'), ''))
                       ORDER BY s.stxname)
                     FROM pg_statistic_ext s
                     JOIN pg_namespace sn ON sn.oid = s.stxnamespace
                     CROSS JOIN LATERAL pg_get_statisticsobjdef(s.oid) d(def)
                     WHERE s.stxrelid = c.oid))::text
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_am am ON am.oid = c.relam
      LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
      LEFT JOIN pg_class tc ON tc.oid = c.reltoastrelid
     WHERE c.oid = $1::oid AND c.relkind = 'm')";

std::string text(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// The list under a key; an empty one for null.
Json list(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_array() ? *found : Json::array();
}

ShapeColumn column(const Json& json) {
  return {.name = text(json, "name"),
          .type = text(json, "type"),
          .statistics = json.value("statistics", -1),
          .storage = text(json, "storage"),
          .compression = text(json, "compression"),
          .options = list(json, "options").get<std::vector<std::string>>(),
          .comment = text(json, "comment")};
}

ShapeIndex index(const Json& json) {
  ShapeIndex found{.name = text(json, "name"),
                   .built = {},
                   .unique = json.value("unique", false),
                   .clustered = json.value("clustered", false),
                   .tail = text(json, "tail"),
                   .tablespace = text(json, "tablespace"),
                   .comment = text(json, "comment"),
                   .statistics = {}};
  for (const auto& each : list(json, "statistics")) {
    found.statistics.emplace_back(each[0].get<int>(), each[1].get<int>());
  }
  return found;
}

ShapeStatistics statistics(const Json& json) {
  return {.name = {text(json, "schema"), text(json, "name")},
          .built = {},
          .owner = text(json, "owner"),
          .body = text(json, "body"),
          .target = json.value("target", -1),
          .comment = text(json, "comment")};
}

MatviewShape shape(const Json& json) {
  MatviewShape found{.owner = text(json, "owner"),
                     .definition = text(json, "definition"),
                     .access_method = text(json, "access_method"),
                     .tablespace = text(json, "tablespace"),
                     .options = list(json, "options").get<std::vector<std::string>>(),
                     .comment = text(json, "comment")};
  for (const auto& each : list(json, "columns")) found.columns.push_back(column(each));
  for (const auto& each : list(json, "indexes")) found.indexes.push_back(index(each));
  for (const auto& each : list(json, "statistics")) found.statistics.push_back(statistics(each));
  return found;
}

/// A catalog of these views with nothing read yet.
planner::Catalog catalog_of(const std::vector<std::uint32_t>& oids) {
  planner::Catalog catalog;
  for (const auto oid : oids) {
    catalog.tables.push_back(
        {.oid = oid, .name = {}, .kind = planner::TableKind::materialized_view});
  }
  return catalog;
}

std::string text_of(const planner::Access& access) {
  auto text = Json::array({access.owner_all});
  for (const auto& each : access.items) {
    text.push_back({each.grantee, each.grantor, each.privilege, each.grantable, each.column});
  }
  return text.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Result<void> pin_search_path(Connection& connection) {
  ZDM_CHECK(connection.run("SELECT set_config('search_path', 'pg_catalog', true)"));
  return {};
}

Result<ShapeAsRead> read_shape(Connection& connection, std::uint32_t oid) {
  ZDM_TRY(const Rows rows, connection.run(kShape, {std::to_string(oid)}));
  if (rows.empty()) {
    return planner::fail(ErrorCode::drift, "the materialized view was dropped or made anew",
                         "run the same command again");
  }
  auto catalog = catalog_of({oid});
  ZDM_CHECK(read_access(connection, catalog));
  auto& view = catalog.tables.front();
  ShapeAsRead found{.value = shape(Json::parse(rows.first())),
                    .text = fmt::format("{} {} {}", rows.first(), text_of(view.access),
                                        fmt::join(view.uncarried, ", ")),
                    .uncarried = std::move(view.uncarried)};
  found.value.access = std::move(view.access);
  return found;
}

Result<std::vector<planner::Dependent>> read_followers(Connection& connection,
                                                       const std::vector<std::uint32_t>& oids) {
  auto catalog = catalog_of(oids);
  ZDM_CHECK(read_dependents(connection, catalog));
  ZDM_CHECK(read_rebinds(connection, catalog));
  std::vector<planner::Dependent> found;
  for (auto& table : catalog.tables) {
    for (auto& each : table.dependents) {
      if (each.kind == planner::DependentKind::statistics) continue;  // a part of the shape
      const bool known = std::ranges::any_of(found, [&](const auto& other) {
        return other.kind == each.kind && other.oid == each.oid && other.name == each.name;
      });
      each.attnums.clear();  // of which of the views?
      if (!known) found.push_back(std::move(each));
    }
  }
  return found;
}

}  // namespace zdm::migrations
