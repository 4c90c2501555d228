#include <array>
#include <utility>

#include "database/catalog/readers.hpp"
#include "database/catalog/records.hpp"

namespace zdm::migrations {

using planner::Catalog;
using planner::Dependent;
using planner::DependentKind;

namespace {

DependentKind kind_of(const std::string& kind) {
  using Pair = std::pair<std::string_view, DependentKind>;
  constexpr std::array<Pair, 8> kKinds = {{
      {"view", DependentKind::view},
      {"materialized view", DependentKind::materialized_view},
      {"rule", DependentKind::rule},
      {"policy", DependentKind::policy},
      {"generated column", DependentKind::generated_column},
      {"publication", DependentKind::publication},
      {"statistics", DependentKind::statistics},
      {"sequence", DependentKind::sequence},
  }};
  for (const auto& [name, value] : kKinds) {
    if (name == kind) {
      return value;
    }
  }
  return kind == "function" ? DependentKind::function : DependentKind::other;
}

}  // namespace

Result<void> read_dependents(Connection& connection, Catalog& catalog) {
  // Indexes, constraints, triggers, defaults and partitions have lists of their own. What uses the
  // table's row type depends on pg_type: bound to that type for good, it cannot follow when another
  // view takes the name. Columns that a generated column reads: before PostgreSQL 15 the column
  // itself depends on them, later its expression (pg_attrdef).
  constexpr std::string_view kSql = R"(
    WITH found AS (
      SELECT d.refobjid AS table_oid, d.classid, d.objid, d.objsubid, d.refobjsubid, d.deptype,
             false AS by_type, false AS of_view
        FROM pg_depend d
       WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY ($1::oid[])
       UNION ALL
      SELECT c.oid, d.classid, d.objid, d.objsubid, 0, d.deptype, true,
             c.relkind IN ('v', 'm')
        FROM pg_class c
        JOIN pg_type t ON t.oid = c.reltype
        JOIN pg_depend d ON d.refclassid = 'pg_type'::regclass
                        AND d.refobjid IN (t.oid, t.typarray) AND d.deptype <> 'i'
       WHERE c.oid = ANY ($1::oid[]))
    SELECT f.table_oid, named.kind, named.name,
           string_agg(DISTINCT f.refobjsubid::text, ' ')
             FILTER (WHERE f.refobjsubid > 0 AND (named.kind <> 'generated column'
                                                  OR f.refobjsubid <> g.attnum)) AS attnums,
           min(f.objid) AS oid, bool_or(f.by_type) AS by_type
      FROM found f
      LEFT JOIN pg_rewrite r ON f.classid = 'pg_rewrite'::regclass AND r.oid = f.objid
      LEFT JOIN pg_attrdef ad ON f.classid = 'pg_attrdef'::regclass AND ad.oid = f.objid
      LEFT JOIN pg_attribute g
             ON g.attgenerated <> '' AND g.attrelid = f.table_oid
            AND g.attnum = CASE WHEN ad.adrelid = f.table_oid THEN ad.adnum
                                WHEN f.classid = 'pg_class'::regclass AND f.objid = f.table_oid
                                THEN f.objsubid END
      LEFT JOIN pg_class c
             ON c.oid = CASE WHEN f.classid = 'pg_class'::regclass THEN f.objid ELSE r.ev_class END
      LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_publication_rel pr
             ON f.classid = 'pg_publication_rel'::regclass AND pr.oid = f.objid
     CROSS JOIN LATERAL (
      SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS relation) AS x
     CROSS JOIN LATERAL (
      SELECT CASE WHEN g.attnum IS NOT NULL THEN 'generated column'
                  WHEN r.oid IS NOT NULL AND c.oid = f.table_oid AND r.rulename = '_RETURN' THEN NULL
                  WHEN f.of_view AND f.classid <> 'pg_proc'::regclass THEN 'other'
                  WHEN r.oid IS NOT NULL AND r.rulename <> '_RETURN' THEN 'rule'
                  WHEN r.oid IS NOT NULL AND c.relkind = 'm' THEN 'materialized view'
                  WHEN r.oid IS NOT NULL THEN 'view'
                  WHEN f.classid = 'pg_policy'::regclass THEN 'policy'
                  WHEN pr.oid IS NOT NULL THEN 'publication'
                  WHEN f.classid = 'pg_statistic_ext'::regclass THEN 'statistics'
                  WHEN f.classid = 'pg_proc'::regclass THEN 'function'
                  WHEN f.classid = 'pg_class'::regclass AND c.relkind = 'S' AND f.deptype IN ('a', 'i')
                  THEN 'sequence'
                  WHEN f.classid = 'pg_class'::regclass AND f.objsubid > 0
                       AND f.objid <> f.table_oid THEN 'other'
                  WHEN f.classid IN ('pg_class'::regclass, 'pg_type'::regclass,
                                     'pg_attrdef'::regclass, 'pg_trigger'::regclass,
                                     'pg_constraint'::regclass, 'pg_publication_rel'::regclass)
                  THEN NULL
                  ELSE 'other' END AS kind) AS what
     CROSS JOIN LATERAL (
      SELECT what.kind,
             CASE what.kind
               WHEN 'generated column' THEN 'generated column ' || quote_ident(g.attname)
               WHEN 'view' THEN 'view ' || x.relation
               WHEN 'materialized view' THEN 'materialized view ' || x.relation
               WHEN 'rule' THEN 'rule ' || quote_ident(r.rulename) || ' on ' || x.relation
               WHEN 'sequence' THEN 'sequence ' || x.relation
               WHEN 'publication' THEN 'publication ' ||
                 (SELECT quote_ident(p.pubname) FROM pg_publication p WHERE p.oid = pr.prpubid)
               ELSE pg_describe_object(f.classid, f.objid, f.objsubid)
               || CASE WHEN f.of_view THEN ', which uses its row type' ELSE '' END END AS name)
       AS named
     WHERE named.kind IS NOT NULL
     GROUP BY f.table_oid, named.kind, named.name
    HAVING named.kind NOT IN ('generated column', 'publication')
        OR bool_or(f.refobjsubid > 0 AND (named.kind = 'publication' OR f.refobjsubid <> g.attnum))
     ORDER BY f.table_oid, named.name)";
  return for_each(connection, kSql, {oid_array(catalog)}, [&](const Record& row) {
    Dependent dependent{.kind = kind_of(row.text("kind")),
                        .name = row.text("name"),
                        .attnums = row.integers("attnums")};
    // A function of the row type is bound to that type for good.
    const bool by_type = dependent.kind == DependentKind::function && row.flag("by_type");
    if (!by_type) dependent.oid = row.oid("oid");
    table_of(catalog, row.oid("table_oid")).dependents.push_back(std::move(dependent));
  });
}

}  // namespace zdm::migrations
