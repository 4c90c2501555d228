#include "matviews/shape_reader.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace zdm::migrations {
namespace {

using planner::MatviewShape;
using planner::ShapeColumn;
using planner::ShapeGrant;
using planner::ShapeIndex;
using planner::ShapeLabel;
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
      'default_privileges', c.relacl IS NULL,
      'grants', (SELECT jsonb_agg(jsonb_build_object(
                   'grantee', CASE WHEN x.grantee = 0 THEN '' ELSE pg_get_userbyid(x.grantee) END,
                   'grantor', pg_get_userbyid(x.grantor), 'privilege', x.privilege_type,
                   'grantable', x.is_grantable)
                   ORDER BY x.grantor <> c.relowner, x.ord)
                 FROM aclexplode(c.relacl) WITH ORDINALITY
                      x(grantor, grantee, privilege_type, is_grantable, ord)),
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
                    'comment', coalesce(col_description(c.oid, a.attnum), ''),
                    'grants', (SELECT jsonb_agg(jsonb_build_object(
                                 'grantee', CASE WHEN x.grantee = 0 THEN ''
                                                 ELSE pg_get_userbyid(x.grantee) END,
                                 'grantor', pg_get_userbyid(x.grantor),
                                 'privilege', x.privilege_type, 'grantable', x.is_grantable)
                                 ORDER BY x.grantor <> c.relowner, x.ord)
                               FROM aclexplode(a.attacl) WITH ORDINALITY
                                    x(grantor, grantee, privilege_type, is_grantable, ord)))
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
                     WHERE s.stxrelid = c.oid),
      'labels', (SELECT jsonb_agg(jsonb_build_object(
                   'provider', l.provider, 'label', l.label,
                   'column', coalesce((SELECT a.attname FROM pg_attribute a
                                        WHERE l.objsubid > 0 AND a.attrelid = c.oid
                                          AND a.attnum = l.objsubid), ''))
                   ORDER BY l.provider, l.objsubid)
                 FROM pg_seclabel l
                 WHERE l.classoid = 'pg_class'::regclass AND l.objoid = c.oid))::text
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_am am ON am.oid = c.relam
      LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
      LEFT JOIN pg_class tc ON tc.oid = c.reltoastrelid
     WHERE c.oid = $1::oid AND c.relkind = 'm')";

// prosqlbody came with 14; `xmin` tells that a definition was written anew meanwhile.
constexpr std::string_view kFollowers = R"(
    WITH member AS (
      SELECT oid, reltype, (SELECT typarray FROM pg_type t WHERE t.oid = c.reltype) AS typarray
        FROM pg_class c WHERE oid = ANY ($1::oid[])),
    own(class, object) AS (
      SELECT 'pg_class'::regclass::oid, indexrelid FROM pg_index, member WHERE indrelid = oid
      UNION ALL SELECT 'pg_class'::regclass::oid, m.oid FROM member m
      UNION ALL SELECT 'pg_rewrite'::regclass::oid, r.oid FROM pg_rewrite r, member m
                 WHERE r.ev_class = m.oid
      UNION ALL SELECT 'pg_statistic_ext'::regclass::oid, s.oid FROM pg_statistic_ext s, member m
                 WHERE s.stxrelid = m.oid
      UNION ALL SELECT 'pg_type'::regclass::oid, m.reltype FROM member m
      UNION ALL SELECT 'pg_type'::regclass::oid, m.typarray FROM member m),
    standing AS (
      SELECT DISTINCT d.classid, d.objid, d.refclassid = 'pg_type'::regclass AS by_type,
             CASE WHEN d.refclassid = 'pg_type'::regclass THEN d.objsubid ELSE 0 END AS part
        FROM pg_depend d, member m
       WHERE (d.refclassid = 'pg_class'::regclass AND d.refobjid = m.oid
              OR d.refclassid = 'pg_type'::regclass AND d.refobjid IN (m.reltype, m.typarray))
         AND d.deptype <> 'i'
         AND NOT EXISTS (SELECT FROM own WHERE own.class = d.classid AND own.object = d.objid)
      UNION
      SELECT d.refclassid, d.refobjid, true, 0
        FROM pg_depend d, member m
       WHERE d.classid = 'pg_class'::regclass AND d.objid = m.oid AND d.deptype IN ('e', 'x'))
    SELECT coalesce(jsonb_agg(f ORDER BY f ->> 'described', f ->> 'object'), '[]')::text FROM (
      SELECT jsonb_build_object(
        'object', s.classid || '/' || s.objid || '/' || s.part,
        'stamp', coalesce(r.xmin, p.xmin, o.xmin)::text,
        'kind', CASE
          WHEN s.by_type THEN 'other'
          WHEN rc.relkind = 'v' AND r.rulename = '_RETURN' THEN 'view'
          WHEN rc.relkind = 'm' THEN 'matview'
          WHEN r.oid IS NOT NULL THEN 'rule'
          WHEN o.oid IS NOT NULL THEN 'policy'
          WHEN to_jsonb(p) ->> 'prosqlbody' IS NOT NULL THEN 'function'
          ELSE 'other' END,
        'described', CASE WHEN s.by_type AND s.classid = 'pg_extension'::regclass
                          THEN 'it belongs to ' ELSE '' END
          || CASE WHEN r.rulename = '_RETURN'
                  THEN pg_describe_object('pg_class'::regclass, rc.oid, 0)
                  ELSE pg_describe_object(s.classid, s.objid, s.part) END
          || CASE WHEN s.by_type AND s.classid <> 'pg_extension'::regclass
                  THEN ', which uses its row type' ELSE '' END,
        'schema', rn.nspname, 'relation', rc.relname, 'oid', rc.oid::bigint,
        'name', o.polname,
        'owner', pg_get_userbyid(coalesce(p.proowner, rc.relowner)),
        'ours', pg_has_role(coalesce(p.proowner, rc.relowner), 'USAGE'),
        'temporary', coalesce(rc.relpersistence = 't', false),
        'options', coalesce(to_jsonb(rc.reloptions), '[]'),
        'definition', CASE
          WHEN s.by_type THEN ''
          WHEN r.rulename = '_RETURN' AND rc.relkind = 'v'
            THEN rtrim(pg_get_viewdef(rc.oid), '; ')
          WHEN r.oid IS NOT NULL AND rc.relkind <> 'm' THEN rtrim(pg_get_ruledef(r.oid), '; ')
          WHEN o.oid IS NOT NULL THEN pg_get_expr(o.polqual, o.polrelid)
          WHEN to_jsonb(p) ->> 'prosqlbody' IS NOT NULL THEN pg_get_functiondef(p.oid) END,
        'check', pg_get_expr(o.polwithcheck, o.polrelid),
        'reads', (SELECT jsonb_agg(DISTINCT jsonb_build_array(dn.nspname, dc.relname))
                    FROM pg_depend d
                    JOIN pg_class dc ON dc.oid = d.refobjid AND dc.relkind IN ('r', 'p', 'v', 'm', 'f')
                    JOIN pg_namespace dn ON dn.oid = dc.relnamespace
                   WHERE d.classid = s.classid AND d.objid = s.objid
                     AND d.refclassid = 'pg_class'::regclass
                     AND d.refobjid IS DISTINCT FROM rc.oid)) AS f
        FROM standing s
        LEFT JOIN pg_rewrite r ON s.classid = 'pg_rewrite'::regclass AND r.oid = s.objid
        LEFT JOIN pg_policy o ON s.classid = 'pg_policy'::regclass AND o.oid = s.objid
        LEFT JOIN pg_proc p ON s.classid = 'pg_proc'::regclass AND p.oid = s.objid
        LEFT JOIN pg_class rc ON rc.oid = coalesce(r.ev_class, o.polrelid)
        LEFT JOIN pg_namespace rn ON rn.oid = rc.relnamespace) every_one)";

std::string text(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// The list under a key; an empty one for null.
Json list(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_array() ? *found : Json::array();
}

std::vector<ShapeGrant> grants(const Json& json) {
  std::vector<ShapeGrant> found;
  for (const auto& each : list(json, "grants")) {
    found.push_back({.grantee = text(each, "grantee"),
                     .grantor = text(each, "grantor"),
                     .privilege = text(each, "privilege"),
                     .grantable = each.value("grantable", false)});
  }
  return found;
}

ShapeColumn column(const Json& json) {
  return {.name = text(json, "name"),
          .type = text(json, "type"),
          .statistics = json.value("statistics", -1),
          .storage = text(json, "storage"),
          .compression = text(json, "compression"),
          .options = list(json, "options").get<std::vector<std::string>>(),
          .comment = text(json, "comment"),
          .grants = grants(json)};
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
                     .comment = text(json, "comment"),
                     .default_privileges = json.value("default_privileges", true),
                     .grants = grants(json)};
  for (const auto& each : list(json, "columns")) found.columns.push_back(column(each));
  for (const auto& each : list(json, "indexes")) found.indexes.push_back(index(each));
  for (const auto& each : list(json, "statistics")) found.statistics.push_back(statistics(each));
  for (const auto& each : list(json, "labels")) {
    found.labels.push_back({text(each, "provider"), text(each, "column"), text(each, "label")});
  }
  return found;
}

planner::FollowerKind kind(const std::string& word) {
  using enum planner::FollowerKind;
  if (word == "view") return view;
  if (word == "function") return function;
  if (word == "policy") return policy;
  if (word == "rule") return rule;
  return word == "matview" ? matview : other;
}

planner::Follower follower(const Json& json) {
  planner::Follower found{.kind = kind(text(json, "kind")),
                          .described = text(json, "described"),
                          .relation = {text(json, "schema"), text(json, "relation")},
                          .name = text(json, "name"),
                          .owner = text(json, "owner"),
                          .options = list(json, "options").get<std::vector<std::string>>(),
                          .definition = text(json, "definition"),
                          .check = text(json, "check")};
  if (const auto oid = json.find("oid"); oid->is_number()) found.oid = oid->get<std::uint32_t>();
  if (const auto ours = json.find("ours"); ours->is_boolean()) found.ours = ours->get<bool>();
  found.temporary = json.value("temporary", false);
  for (const auto& each : list(json, "reads")) {
    found.reads.push_back({each[0].get<std::string>(), each[1].get<std::string>()});
  }
  return found;
}

}  // namespace

Result<void> pin_search_path(Connection& connection) {
  ZDM_CHECK(connection.run("SELECT set_config('search_path', 'pg_catalog', true)"));
  return {};
}

Result<AsRead<MatviewShape>> read_shape(Connection& connection, std::uint32_t oid) {
  ZDM_TRY(const Rows rows, connection.run(kShape, {std::to_string(oid)}));
  if (rows.empty()) {
    return planner::fail(ErrorCode::drift, "the materialized view was dropped or made anew",
                         "run the same command again");
  }
  return AsRead<MatviewShape>{shape(Json::parse(rows.first())), rows.first()};
}

Result<AsRead<std::vector<planner::Follower>>> read_followers(
    Connection& connection, const std::vector<std::uint32_t>& oids) {
  ZDM_TRY(const Rows rows,
          connection.run(kFollowers, {fmt::format("{{{}}}", fmt::join(oids, ","))}));
  AsRead<std::vector<planner::Follower>> found{{}, rows.first()};
  for (const auto& each : Json::parse(rows.first())) found.value.push_back(follower(each));
  return found;
}

}  // namespace zdm::migrations
