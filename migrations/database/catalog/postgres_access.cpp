#include "database/catalog/readers.hpp"
#include "database/catalog/records.hpp"

namespace zdm::migrations {

using planner::Catalog;

namespace {

void put(planner::Table& table, const Record& row) {
  table.access.owner_all = row.flag("owner_all");
  for (auto& item : row.table("items")) {
    table.access.items.push_back({.grantee = item[0],
                                  .grantor = item[1],
                                  .privilege = item[2],
                                  .grantable = item[3] == "t",
                                  .column = item[4]});
  }
  table.access.default_grantees = row.texts("default_grantees");
  table.uncarried = row.texts("uncarried");
}

}  // namespace

Result<void> read_access(Connection& connection, Catalog& catalog) {
  // The rules and triggers of a view cannot be disabled (ALTER TABLE refuses it): who wrote the
  // catalog by hand is told. Column privileges are granted by table owners alone or those they let.
  constexpr std::string_view kSql = R"(
    WITH item AS (
      SELECT c.oid, 0 AS attnum, '' AS attname, c.relowner, x.*
        FROM pg_class c,
             aclexplode(c.relacl) WITH ORDINALITY
               AS x(grantor, grantee, privilege, grantable, place)
       WHERE c.oid = ANY ($1::oid[])
       UNION ALL
      SELECT c.oid, a.attnum, a.attname, c.relowner, x.*
        FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped,
             aclexplode(a.attacl) WITH ORDINALITY
               AS x(grantor, grantee, privilege, grantable, place)
       WHERE c.oid = ANY ($1::oid[]))
    SELECT c.oid, own.owner_all,
           (SELECT json_agg(json_build_array(
                     CASE i.grantee WHEN 0 THEN '' ELSE pg_get_userbyid(i.grantee) END,
                     pg_get_userbyid(i.grantor), i.privilege,
                     CASE WHEN i.grantable THEN 't' ELSE 'f' END, i.attname)
                     ORDER BY i.attnum, i.grantor <> i.relowner, i.place)
              FROM item i
             WHERE i.oid = c.oid
               AND NOT (own.owner_all AND i.attnum = 0 AND i.grantee = i.relowner
                        AND i.grantor = i.relowner)) AS items,
           (SELECT json_agg(DISTINCT CASE x.grantee WHEN 0 THEN ''
                                                    ELSE pg_get_userbyid(x.grantee)::text END)
              FROM pg_default_acl d
              JOIN pg_roles r ON r.oid = d.defaclrole AND r.rolname = current_user,
                   aclexplode(d.defaclacl) x
             WHERE d.defaclobjtype = 'r'
               AND d.defaclnamespace IN (0, c.relnamespace)) AS default_grantees,
           CASE WHEN c.relkind IN ('v', 'm') THEN
             (SELECT json_agg(DISTINCT w.what) FROM (
               SELECT CASE WHEN l.classoid = 'pg_type'::regclass THEN 'the label of its row type'
                           WHEN l.objsubid > 0 THEN 'the security label of its column '
                             || (SELECT quote_ident(a.attname) FROM pg_attribute a
                                  WHERE a.attrelid = c.oid AND a.attnum = l.objsubid)
                           ELSE 'its security label' END || ' by ' || l.provider AS what
                 FROM pg_seclabel l
                WHERE (l.classoid = 'pg_class'::regclass AND l.objoid = c.oid)
                   OR (l.classoid = 'pg_type'::regclass AND l.objoid = c.reltype)
                UNION ALL
               SELECT 'the comment on its row type' FROM pg_description d
                WHERE d.classoid = 'pg_type'::regclass AND d.objoid = c.reltype
                UNION ALL
               SELECT 'the comment on its rule "_RETURN"'
                 FROM pg_rewrite r
                 JOIN pg_description d ON d.classoid = 'pg_rewrite'::regclass AND d.objoid = r.oid
                WHERE r.ev_class = c.oid AND r.rulename = '_RETURN'
                UNION ALL
               SELECT 'the privileges on its row type' FROM pg_type t
                WHERE t.oid = c.reltype AND t.typacl IS NOT NULL
                UNION ALL
               SELECT 'the state of its rule ' || quote_ident(r.rulename) FROM pg_rewrite r
                WHERE r.ev_class = c.oid AND r.ev_enabled <> 'O'
                UNION ALL
               SELECT 'the state of its trigger ' || quote_ident(g.tgname) FROM pg_trigger g
                WHERE g.tgrelid = c.oid AND g.tgenabled <> 'O' AND NOT g.tgisinternal
                UNION ALL
               SELECT CASE WHEN d.deptype = 'e' THEN 'its place in extension '
                           WHEN d.objid = c.oid THEN 'its dependence on extension '
                           ELSE 'the dependence of '
                             || pg_describe_object(d.classid, d.objid, 0) || ' on extension ' END
                      || quote_ident(e.extname)
                 FROM pg_depend d
                 JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass
                                    AND e.oid = d.refobjid
                WHERE d.deptype IN ('e', 'x')
                  AND ((d.classid = 'pg_class'::regclass
                        AND (d.objid = c.oid OR d.objid IN (
                          SELECT i.indexrelid FROM pg_index i WHERE i.indrelid = c.oid)))
                       OR (d.classid = 'pg_trigger'::regclass AND d.objid IN (
                          SELECT g.oid FROM pg_trigger g WHERE g.tgrelid = c.oid)))
                UNION ALL
               SELECT 'its owner ' || quote_ident(pg_get_userbyid(c.relowner))
                      || ', of which this role is no member'
                WHERE NOT pg_has_role(c.relowner, 'USAGE')
                UNION ALL
               SELECT 'what ' || quote_ident(pg_get_userbyid(i.grantor))
                      || ' granted, of which this role is no member'
                 FROM item i
                WHERE i.oid = c.oid AND i.grantor <> c.relowner
                  AND NOT pg_has_role(i.grantor, 'MEMBER')) w) END AS uncarried
      FROM pg_class c
     CROSS JOIN LATERAL (
      SELECT c.relacl IS NULL
             OR coalesce((SELECT array_agg(i.privilege ORDER BY i.privilege)
                            FROM item i
                           WHERE i.oid = c.oid AND i.attnum = 0 AND i.grantee = c.relowner
                             AND i.grantor = c.relowner)
                         = (SELECT array_agg(x.privilege_type ORDER BY x.privilege_type)
                              FROM aclexplode(acldefault('r', c.relowner)) x), false)
             AS owner_all) AS own
     WHERE c.oid = ANY ($1::oid[]))";
  return for_each(connection, kSql, {oid_array(catalog)},
                  [&](const Record& row) { put(table_of(catalog, row.oid("oid")), row); });
}

}  // namespace zdm::migrations
