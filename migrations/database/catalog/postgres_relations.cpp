#include <fmt/format.h>

#include "database/catalog/readers.hpp"
#include "database/catalog/records.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {

using planner::Catalog;
using planner::Table;
using planner::TableKind;

namespace {

TableKind kind_of(const std::string& relkind) {
  switch (relkind.empty() ? 'r' : relkind.front()) {
    case 'p':
      return TableKind::partitioned;
    case 'f':
      return TableKind::foreign;
    case 'v':
      return TableKind::view;
    case 'm':
      return TableKind::materialized_view;
    default:
      return TableKind::table;
  }
}

void fill(Table& table, const Record& row) {
  table.name = {row.text("schema"), row.text("name")};
  table.kind = kind_of(row.text("relkind"));
  table.owner = row.text("owner");
  table.partition = row.flag("relispartition");
  table.partition_key = row.integers("partition_key");
  table.inherits = row.flag("inherits");
  table.inherited = row.flag("inherited");
  table.row_security = row.flag("relrowsecurity");
  table.force_row_security = row.flag("relforcerowsecurity");
  table.replica_identity = row.text("relreplident").front();
  table.published = row.flag("published");
  table.subscribed = row.flag("subscribed");
  table.extension_member = row.flag("extension_member");
  table.comment = row.text("comment");
  table.grants = row.texts("grants");
  table.view_query = row.text("view_query");
  table.view_options = row.text("view_options");
  table.reads = row.names("reads");
  table.populated = row.flag("relispopulated");
  table.tablespace = row.text("tablespace");
  table.access_method = row.text("access_method");
}

/// FOR TABLES IN SCHEMA came with PostgreSQL 15, and its catalog with it.
Result<void> read_published_schemas(Connection& connection, Catalog& catalog) {
  if (catalog.server_version < 150000) {
    return {};
  }
  constexpr std::string_view kSql = R"(
    SELECT c.oid
      FROM pg_class c
     WHERE c.oid = ANY ($1::oid[])
       AND c.relkind IN ('r', 'p')
       AND EXISTS (SELECT FROM pg_publication_namespace p WHERE p.pnnspid = c.relnamespace))";
  return for_each(connection, kSql, {oid_array(catalog)},
                  [&](const Record& row) { table_of(catalog, row.oid("oid")).published = true; });
}

}  // namespace

Result<void> read_relations(Connection& connection, Catalog& catalog) {
  // The columns of a partition key depend on the table, not it on them (pg_depend, deptype i).
  constexpr std::string_view kSql = R"(
    SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind, c.relispartition,
           c.relrowsecurity, c.relforcerowsecurity, c.relreplident,
           pg_get_userbyid(c.relowner) AS owner,
           obj_description(c.oid, 'pg_class') AS comment,
           CASE c.relkind WHEN 'p' THEN
             (SELECT string_agg(d.objsubid::text, ' ' ORDER BY d.objsubid)
                FROM pg_depend d
               WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid > 0
                 AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
                 AND d.refobjsubid = 0 AND d.deptype = 'i') END AS partition_key,
           NOT c.relispartition
             AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid) AS inherits,
           c.relkind <> 'p'
             AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid) AS inherited,
           c.relkind IN ('r', 'p')
             AND (EXISTS (SELECT FROM pg_publication p WHERE p.puballtables)
                  OR EXISTS (SELECT FROM pg_publication_rel p WHERE p.prrelid = c.oid)
                  OR EXISTS (SELECT
                               FROM pg_partition_ancestors(c.oid) a
                               JOIN pg_publication_rel p ON p.prrelid = a.relid)) AS published,
           EXISTS (SELECT FROM pg_subscription_rel s WHERE s.srrelid = c.oid) AS subscribed,
           EXISTS (SELECT
                     FROM pg_depend d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                      AND d.deptype = 'e') AS extension_member,
           (SELECT json_agg(g.text ORDER BY g.text)
              FROM (SELECT string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type) || ' TO '
                           || CASE x.grantee WHEN 0 THEN 'PUBLIC'
                                             ELSE quote_ident(pg_get_userbyid(x.grantee)) END
                           || CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS text
                      FROM aclexplode(c.relacl) x
                     WHERE x.grantee <> c.relowner
                     GROUP BY x.grantee, x.is_grantable) g) AS grants,
           CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS view_query,
           (SELECT string_agg(o.text, ', ' ORDER BY o.toast, o.place)
              FROM (SELECT false AS toast, u.place, u.text
                      FROM unnest(c.reloptions) WITH ORDINALITY AS u(text, place)
                     UNION ALL
                    SELECT true, u.place, 'toast.' || u.text
                      FROM pg_class t, unnest(t.reloptions) WITH ORDINALITY AS u(text, place)
                     WHERE t.oid = c.reltoastrelid) o) AS view_options,
           CASE WHEN c.relkind IN ('v', 'm') THEN
             (SELECT json_agg(DISTINCT jsonb_build_array(rn.nspname, rc.relname))
                FROM pg_rewrite r
                JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                                AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> c.oid
                JOIN pg_class rc ON rc.oid = d.refobjid AND rc.relkind IN ('r', 'p', 'f', 'v', 'm')
                JOIN pg_namespace rn ON rn.oid = rc.relnamespace
               WHERE r.ev_class = c.oid AND r.rulename = '_RETURN') END AS reads,
           c.relispopulated,
           (SELECT s.spcname FROM pg_tablespace s WHERE s.oid = c.reltablespace) AS tablespace,
           (SELECT a.amname FROM pg_am a
             WHERE a.oid = c.relam AND a.amname <> 'heap') AS access_method
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid = ANY ($1::oid[]))";
  ZDM_CHECK(for_each(connection, kSql, {oid_array(catalog)},
                     [&](const Record& row) { fill(table_of(catalog, row.oid("oid")), row); }));
  return read_published_schemas(connection, catalog);
}

}  // namespace zdm::migrations
