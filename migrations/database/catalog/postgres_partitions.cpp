#include <algorithm>

#include "database/catalog/readers.hpp"
#include "database/catalog/records.hpp"

namespace zdm::migrations {

using planner::Catalog;
using planner::Table;
using planner::TableKind;

namespace {

/// Columns are matched by name: those of a partition that was attached have numbers of their own.
/// Left out is what comes from the partitioned table: attached indexes, inherited constraints and
/// triggers (before PostgreSQL 13 known by pg_depend, deptype P), and what equals the table's own.
/// A partition's key depends on its columns the other way round (deptype i).
constexpr std::string_view kSql = R"(
    WITH RECURSIVE tree AS (
      SELECT c.oid AS root, c.oid, c.relkind
        FROM pg_class c
       WHERE c.oid = ANY ($1::oid[]) AND c.relkind = 'p'
       UNION ALL
      SELECT t.root, c.oid, c.relkind
        FROM tree t
        JOIN pg_inherits i ON i.inhparent = t.oid
        JOIN pg_class c ON c.oid = i.inhrelid
       WHERE t.relkind = 'p'),
    pair AS (
      SELECT t.root, t.oid, r.attnum AS root_attnum, a.attnum, n.nspname AS schema,
             c.relname AS relation,
             quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS partition,
             a.attnotnull AND NOT r.attnotnull AS own_not_null,
             pg_get_expr(ad.adbin, ad.adrelid) AS own_default,
             pg_get_expr(rd.adbin, rd.adrelid) AS root_default,
             a.attgenerated <> '' AS generated,
             col_description(a.attrelid, a.attnum) AS own_comment,
             col_description(r.attrelid, r.attnum) AS root_comment,
             nullif(a.attstattarget, -1) AS own_target,
             nullif(r.attstattarget, -1) AS root_target,
             a.attacl, c.relowner
        FROM tree t
        JOIN pg_class c ON c.oid = t.oid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute r ON r.attrelid = t.root AND r.attnum > 0 AND NOT r.attisdropped
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = r.attname
                           AND NOT a.attisdropped
        LEFT JOIN pg_attrdef ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum
        LEFT JOIN pg_attrdef rd ON rd.adrelid = r.attrelid AND rd.adnum = r.attnum
       WHERE t.oid <> t.root),
    found AS (
      SELECT p.root, p.root_attnum, p.schema, p.relation, p.partition,
             CASE WHEN r.oid IS NOT NULL THEN pg_describe_object('pg_class'::regclass, r.ev_class, 0)
                  WHEN k.oid IS NOT NULL THEN
                       CASE k.contype WHEN 'f' THEN 'foreign key ' ELSE 'constraint ' END
                       || quote_ident(k.conname)
                       || CASE WHEN k.conrelid <> p.oid THEN ' of ' || k.conrelid::regclass ELSE '' END
                  WHEN g.oid IS NOT NULL THEN 'trigger ' || quote_ident(g.tgname)
                  ELSE pg_describe_object(d.classid, d.objid, 0) END AS what
        FROM pair p
        JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = p.oid
                        AND d.refobjsubid = p.attnum
        LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
        LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
        LEFT JOIN pg_trigger g ON d.classid = 'pg_trigger'::regclass AND g.oid = d.objid
        LEFT JOIN pg_attrdef ad ON d.classid = 'pg_attrdef'::regclass AND ad.oid = d.objid
        LEFT JOIN pg_class x ON d.classid = 'pg_class'::regclass AND x.oid = d.objid
       WHERE NOT (d.classid = 'pg_class'::regclass AND d.objid = p.oid)
         AND NOT coalesce(x.relispartition, false)
         AND NOT coalesce(k.conparentid <> 0 OR k.contype = 'n'
                          OR (k.contype = 'c' AND k.coninhcount > 0), false)
         AND NOT coalesce(g.tgisinternal OR g.tgname LIKE 'zzz\_zdm\_%', false)
         AND NOT EXISTS (SELECT FROM pg_depend up
                          WHERE up.classid = d.classid AND up.objid = d.objid
                            AND up.deptype = 'P')
         AND NOT (ad.oid IS NOT NULL AND ad.adrelid = p.oid)
       UNION
      SELECT p.root, p.root_attnum, p.schema, p.relation, p.partition, 'partition key'
        FROM pair p
        JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = p.oid
                        AND d.objsubid = p.attnum AND d.refclassid = 'pg_class'::regclass
                        AND d.refobjid = p.oid AND d.refobjsubid = 0 AND d.deptype = 'i'
       UNION
      SELECT p.root, p.root_attnum, p.schema, p.relation, p.partition, 'NOT NULL' FROM pair p WHERE p.own_not_null
       UNION
      SELECT p.root, p.root_attnum, p.schema, p.relation, p.partition,
             coalesce('default ' || p.own_default, 'no default')
        FROM pair p
       WHERE NOT p.generated AND p.own_default IS DISTINCT FROM p.root_default
       UNION
      SELECT p.root, p.root_attnum, p.schema, p.relation, p.partition, 'comment'
        FROM pair p
       WHERE p.own_comment IS NOT NULL AND p.own_comment IS DISTINCT FROM p.root_comment
       UNION
      SELECT p.root, p.root_attnum, p.schema, p.relation, p.partition, 'statistics target'
        FROM pair p
       WHERE p.own_target IS NOT NULL AND p.own_target IS DISTINCT FROM p.root_target
       UNION
      SELECT p.root, p.root_attnum, p.schema, p.relation, p.partition,
             'privilege ' || g.privilege_type || ' of '
             || CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END
        FROM pair p, aclexplode(p.attacl) g
       WHERE g.grantee <> p.relowner)
    SELECT root, schema, relation, what || ' of partition ' || partition AS name,
           string_agg(DISTINCT root_attnum::text, ' ') AS attnums
      FROM found
     GROUP BY root, schema, relation, what, partition
     ORDER BY root, partition, what)";

}  // namespace

Result<void> read_partition_objects(Connection& connection, Catalog& catalog) {
  if (std::ranges::none_of(catalog.tables, [](const Table& table) {
        return table.kind == TableKind::partitioned;
      })) {
    return {};
  }
  return for_each(connection, kSql, {oid_array(catalog)}, [&](const Record& row) {
    table_of(catalog, row.oid("root"))
        .dependents.push_back({.kind = planner::DependentKind::other,
                               .name = row.text("name"),
                               .attnums = row.integers("attnums"),
                               .relation = {row.text("schema"), row.text("relation")}});
  });
}

}  // namespace zdm::migrations
