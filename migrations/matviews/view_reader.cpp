#include "matviews/view_reader.hpp"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "database/catalog/records.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

using planner::Eligibility;
using planner::Matview;
using planner::TableName;
using planner::UniqueIndex;

/// A view that somebody keeps from being read is not waited for: its size is told by estimate.
/// Bloat, by what its rows need: per tuple a header of 24 bytes, the columns' mean width, both rounded up to
/// 8, and 4 of line pointer (PostgreSQL manual, 73.6), in pages less their header. Padding between
/// columns is left out, so that it errs towards bloat.
constexpr std::string_view kViews = R"(
    WITH kept AS MATERIALIZED (
      SELECT DISTINCT relation FROM pg_locks
       WHERE locktype = 'relation' AND mode = 'AccessExclusiveLock'
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
         AND pid IS DISTINCT FROM pg_backend_pid()),
    view AS (
      SELECT c.*, c.oid IN (SELECT relation FROM kept) AS locked,
             c.relpages::bigint * current_setting('block_size')::bigint AS heap, n.nspname,
             (SELECT json_agg(json_build_array(
                       a.attname,
                       t.typtype IN ('e', 'r', 'm', 'c') OR t.typcategory IN ('A', 'S')
                         OR EXISTS (SELECT FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod
                                     WHERE m.amname = 'btree' AND o.opcdefault
                                       AND o.opcintype = coalesce(nullif(t.typbasetype, 0), t.oid)),
                       coalesce(s.n_distinct = -1 AND s.null_frac = 0, false))
                       ORDER BY a.attnum)
                FROM pg_attribute a
                JOIN pg_type t ON t.oid = a.atttypid
                LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname
                                    AND s.attname = a.attname
               WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
             (SELECT json_agg(json_build_array(
                       x.relname,
                       CASE WHEN NOT i.indisvalid THEN 'is not valid'
                            WHEN m.amname <> 'btree' THEN 'is no btree'
                            WHEN i.indpred IS NOT NULL THEN 'has a WHERE'
                            WHEN i.indexprs IS NOT NULL THEN 'is over an expression'
                            ELSE '' END,
                       (SELECT json_agg(a.attname ORDER BY k.ord)
                          FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, ord)
                          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
                         WHERE k.ord <= i.indnkeyatts))
                       ORDER BY i.indnkeyatts, x.relname)
                FROM pg_index i
                JOIN pg_class x ON x.oid = i.indexrelid
                JOIN pg_am m ON m.oid = x.relam
               WHERE i.indrelid = c.oid AND i.indisunique AND i.indimmediate) AS indexes,
             (SELECT json_agg(x.relname ORDER BY x.relname)
                FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
               WHERE i.indrelid = c.oid) AS all_indexes,
             (SELECT CASE WHEN bool_and(s.avg_width IS NOT NULL)
                          THEN ceil((24 + sum(s.avg_width)) / 8.0) * 8 + 4 END
                FROM pg_attribute a
                LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname
                                    AND s.attname = a.attname
               WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS width
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind = 'm' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'zdm')
         AND ($1::text IS NULL OR n.nspname = $1 AND c.relname = $2))
    SELECT oid, nspname, relname, pg_get_userbyid(relowner) AS owner, relispopulated,
           pg_table_is_visible(oid) AS visible, locked,
           CASE WHEN locked THEN heap ELSE pg_total_relation_size(oid) END AS bytes,
           greatest(reltuples, 0)::bigint AS rows,
           pg_has_role(relowner, 'USAGE') OR {0} AS may_refresh,
           has_table_privilege(oid, 'SELECT') AS may_read,
           CASE WHEN reltuples >= 1000 AND width > 0
                THEN CASE WHEN locked THEN heap ELSE pg_relation_size(oid) END / greatest(
                       reltuples * width * 100
                         / coalesce((SELECT option_value::float8
                                       FROM pg_options_to_table(reloptions)
                                      WHERE option_name = 'fillfactor'), 100), 1) END AS bloat,
           columns, indexes, all_indexes
      FROM view
     ORDER BY nspname, relname)";

/// From each materialized view along what its rule names, through views and the parsed bodies of
/// functions, to the next materialized views. Functions whose body is a string say nothing here.
constexpr std::string_view kReads = R"(
    WITH RECURSIVE edge(class, object, refclass, ref) AS (
      SELECT 'pg_class'::regclass::oid, r.ev_class, d.refclassid, d.refobjid
        FROM pg_rewrite r
        JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
       WHERE r.rulename = '_RETURN'
         AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass)
         AND NOT (d.refclassid = 'pg_class'::regclass AND d.refobjid = r.ev_class)
      UNION
      SELECT d.classid, d.objid, d.refclassid, d.refobjid
        FROM pg_depend d
       WHERE d.classid = 'pg_proc'::regclass
         AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass)),
    walk(view, class, object, depth) AS (
      SELECT oid, 'pg_class'::regclass::oid, oid, 0 FROM pg_class WHERE relkind = 'm'
      UNION
      SELECT w.view, e.refclass, e.ref, 1
        FROM walk w
        JOIN edge e ON e.class = w.class AND e.object = w.object
       WHERE w.depth = 0
          OR NOT EXISTS (SELECT FROM pg_class m
                          WHERE w.class = 'pg_class'::regclass AND m.oid = w.object
                            AND m.relkind = 'm')),
    direct(view, object) AS (
      SELECT DISTINCT object, ref FROM edge
       WHERE class = 'pg_class'::regclass AND refclass = 'pg_class'::regclass)
    SELECT w.view, n.nspname, c.relname, c.relkind = 'm' AS matview,
           EXISTS (SELECT FROM direct d WHERE d.view = w.view AND d.object = c.oid) AS direct
      FROM (SELECT DISTINCT view, object FROM walk
             WHERE class = 'pg_class'::regclass AND depth > 0) w
      JOIN pg_class c ON c.oid = w.object
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid <> w.view AND n.nspname NOT IN ('pg_catalog', 'information_schema')
     ORDER BY 1, 2, 3)";

constexpr int kMaintain = 170000;
/// Above it the answer that no row holds NULL would take too long a scan.
constexpr std::int64_t kLarge = 256LL * 1024 * 1024;

nlohmann::json list(const std::string& text) {
  auto value = nlohmann::json::parse(text.empty() ? "[]" : text, nullptr, false);
  return value.is_array() ? value : nlohmann::json::array();
}

std::string text_at(const nlohmann::json& row, std::size_t at) {
  return row[at].is_string() ? row[at].get<std::string>() : std::string();
}

Matview view_of(const Record& row) {
  Matview view{.name = {row.text("nspname"), row.text("relname")},
               .oid = row.oid("oid"),
               .owner = row.text("owner"),
               .populated = row.flag("relispopulated"),
               .visible = row.flag("visible"),
               .may_refresh = row.flag("may_refresh"),
               .may_read = row.flag("may_read"),
               .locked = row.flag("locked"),
               .bytes = row.integer("bytes"),
               .rows = row.integer("rows")};
  if (!row.null("bloat")) view.bloat = row.real("bloat");
  view.indexes = list(row.text("all_indexes")).get<std::vector<std::string>>();
  for (const auto& each : list(row.text("columns"))) {
    view.columns.push_back({.name = text_at(each, 0),
                            .sortable = each[1].get<bool>(),
                            .looks_unique = each[2].get<bool>()});
  }
  for (const auto& each : list(row.text("indexes"))) {
    UniqueIndex found{.name = text_at(each, 0), .columns = {}, .unusable = text_at(each, 1)};
    if (each[2].is_array()) each[2].get_to(found.columns);
    view.unique_indexes.push_back(std::move(found));
  }
  return view;
}

/// Those of one name, or all.
Result<std::vector<Matview>> read_views(Connection& connection, const Text& schema,
                                        const Text& name) {
  std::vector<Matview> views;
  const bool maintain = connection.server_version() >= kMaintain;
  ZDM_CHECK(for_each(
      connection, fmt::format(kViews, maintain ? "has_table_privilege(oid, 'MAINTAIN')" : "false"),
      {schema, name}, [&](const Record& row) { views.push_back(view_of(row)); }));
  return views;
}

}  // namespace

Result<std::optional<Matview>> read_matview(Connection& connection, const TableName& name) {
  ZDM_TRY(auto views, read_views(connection, name.schema, name.name));
  return views.empty() ? std::nullopt : std::optional(std::move(views.front()));
}

Result<std::vector<Matview>> read_matviews_of(Connection& connection) {
  ZDM_TRY(auto views, read_views(connection, {}, {}));
  std::map<std::uint32_t, std::size_t> index;
  for (std::size_t i = 0; i < views.size(); ++i) index[views[i].oid] = i;
  ZDM_CHECK(for_each(connection, kReads, {}, [&](const Record& row) {
    const auto at = index.find(row.oid("view"));
    if (at == index.end()) return;
    Matview& view = views[at->second];
    const TableName name{row.text("nspname"), row.text("relname")};
    if (row.flag("matview")) view.reads.push_back(name);
    if (row.flag("direct")) view.reads_directly.push_back(name);
  }));
  return views;
}

Result<std::vector<std::string>> names_in_schema(Connection& connection,
                                                 const std::string& schema) {
  std::vector<std::string> names;
  ZDM_CHECK(for_each(connection, R"(
      SELECT relname AS name FROM pg_class WHERE relnamespace = quote_ident($1)::regnamespace
      UNION
      SELECT typname FROM pg_type WHERE typnamespace = quote_ident($1)::regnamespace
      UNION
      SELECT stxname FROM pg_statistic_ext WHERE stxnamespace = quote_ident($1)::regnamespace)",
                     {schema}, [&](const Record& row) { names.push_back(row.text("name")); }));
  return names;
}

Result<std::vector<std::optional<bool>>> probe_null_keys(
    Connection& connection, const std::vector<Matview>& views,
    const std::vector<Eligibility>& eligibilities) {
  std::vector<std::optional<bool>> answers(views.size());
  std::vector<std::string> probes;
  for (std::size_t i = 0; i < views.size(); ++i) {
    const Matview& view = views[i];
    const auto& key = eligibilities[i].key;
    if (key.empty() || !view.populated || !view.may_read) continue;
    std::vector<std::string> names;
    for (const auto& column : key) names.push_back(planner::quote_literal(column));
    probes.push_back(
        view.bytes < kLarge && !view.locked
            ? fmt::format("SELECT {}, EXISTS (SELECT FROM {} WHERE {})", i,
                          planner::quote(view.name), planner::null_keys_condition(key))
            : fmt::format("SELECT {}, (SELECT bool_or(null_frac > 0) FROM pg_stats WHERE "
                          "schemaname = {} AND tablename = {} AND attname IN ({}))",
                          i, planner::quote_literal(view.name.schema),
                          planner::quote_literal(view.name.name), fmt::join(names, ", ")));
  }
  if (probes.empty()) return answers;
  ZDM_TRY(const Rows rows, connection.run(fmt::format("{}", fmt::join(probes, " UNION ALL "))));
  for (const auto& row : rows.rows) {
    if (row[1]) answers[std::stoul(row[0].value_or("0"))] = *row[1] == "t" || *row[1] == "true";
  }
  return answers;
}

}  // namespace zdm::migrations
