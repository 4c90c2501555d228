#include "database/catalog/readers.hpp"
#include "database/catalog/records.hpp"

namespace zdm::migrations {

using planner::Catalog;
using planner::Column;
using planner::DefaultKind;
using planner::Generated;
using planner::Identity;

namespace {

DefaultKind kind_of(const std::string& volatility) {
  switch (volatility.empty() ? '-' : volatility.front()) {
    case 'i':
      return DefaultKind::constant;
    case 's':
      return DefaultKind::stable;
    case 'v':
      return DefaultKind::volatile_;
    default:
      return DefaultKind::none;
  }
}

std::string storage_of(const std::string& letter) {
  switch (letter.empty() ? '-' : letter.front()) {
    case 'p':
      return "PLAIN";
    case 'e':
      return "EXTERNAL";
    case 'x':
      return "EXTENDED";
    case 'm':
      return "MAIN";
    default:
      return {};
  }
}

Column column_of(const Record& row) {
  Column column;
  column.name = row.text("attname");
  column.attnum = row.number("attnum");
  column.type = row.text("type");
  column.not_null = row.flag("attnotnull");
  const std::string generated = row.text("attgenerated");
  if (generated.empty()) {
    column.default_sql = row.text("expression");
    column.default_kind = kind_of(row.text("volatility"));
  } else {
    column.generated = generated == "v" ? Generated::virtual_ : Generated::stored;
    column.generated_sql = row.text("expression");
  }
  const std::string identity = row.text("attidentity");
  column.identity = identity == "a"   ? Identity::always
                    : identity == "d" ? Identity::by_default
                                      : Identity::none;
  column.collation = row.text("collation");
  column.comment = row.text("comment");
  if (!row.null("statistics_target")) {
    column.statistics_target = row.number("statistics_target");
  }
  column.storage = storage_of(row.text("storage"));
  const std::string compression = row.text("compression");
  column.compression = compression == "p" ? "pglz" : compression == "l" ? "lz4" : "";
  column.options = row.text("options");
  column.grants = row.texts("grants");
  column.has_missing_value = row.flag("atthasmissing");
  return column;
}

}  // namespace

Result<void> read_columns(Connection& connection, Catalog& catalog) {
  // How volatile a default is stands nowhere: pg_depend leaves out built-in functions. So it is
  // read from the stored tree, where every call names its function's oid. A column of a domain has
  // the domain's default where it has none of its own. `to_jsonb(a)` reads columns that not every
  // version has: attcompression came with 14; attstattarget is NULL instead of -1 from 17 on.
  // Debian's 15.20 keeps a number of its own among the options of every column once one was set
  // (pg_attver), which is nobody's setting.
  constexpr std::string_view kSql = R"(
    SELECT a.attrelid, a.attnum, a.attname, a.attnotnull, a.attidentity, a.attgenerated,
           a.atthasmissing,
           format_type(a.atttypid, a.atttypmod) AS type,
           CASE WHEN d.adbin IS NOT NULL THEN pg_get_expr(d.adbin, d.adrelid)
                WHEN t.typtype = 'd' THEN pg_get_expr(t.typdefaultbin, 0) END AS expression,
           CASE WHEN tree.text IS NULL THEN NULL
                WHEN used.volatile OR tree.text ~ '\{NEXTVALUEEXPR' THEN 'v'
                WHEN used.stable OR tree.text ~ '\{(SQLVALUEFUNCTION|COERCEVIAIO|XMLEXPR)' THEN 's'
                ELSE 'i' END AS volatility,
           (SELECT quote_ident(n.nspname) || '.' || quote_ident(o.collname)
              FROM pg_collation o
              JOIN pg_namespace n ON n.oid = o.collnamespace
             WHERE o.oid = a.attcollation AND a.attcollation <> t.typcollation) AS collation,
           col_description(a.attrelid, a.attnum) AS comment,
           nullif(a.attstattarget, -1) AS statistics_target,
           CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END AS storage,
           to_jsonb(a) ->> 'attcompression' AS compression,
           (SELECT string_agg(v.option_name || '=' || v.option_value, ', ')
              FROM pg_options_to_table(a.attoptions) v
             WHERE v.option_name <> 'pg_attver') AS options,
           (SELECT json_agg(g.text ORDER BY g.text)
              FROM (SELECT x.privilege_type || ' TO '
                           || CASE x.grantee WHEN 0 THEN 'PUBLIC'
                                             ELSE quote_ident(pg_get_userbyid(x.grantee)) END
                           || CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS text
                      FROM aclexplode(a.attacl) x
                     WHERE x.grantee <> c.relowner) g) AS grants
      FROM pg_attribute a
      JOIN pg_class c ON c.oid = a.attrelid
      JOIN pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     CROSS JOIN LATERAL (
      SELECT CASE WHEN d.adbin IS NOT NULL THEN d.adbin::text
                  WHEN t.typtype = 'd' THEN t.typdefaultbin::text END AS text) AS tree
     CROSS JOIN LATERAL (
      SELECT coalesce(bool_or(p.provolatile = 'v'), false) AS volatile,
             coalesce(bool_or(p.provolatile = 's'), false) AS stable
        FROM regexp_matches(tree.text, ':(?:funcid|opfuncid|elemfuncid) (\d+)', 'g') AS found(oid)
        JOIN pg_proc p ON p.oid = found.oid[1]::oid) AS used
     WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY a.attrelid, a.attnum)";
  return for_each(connection, kSql, {oid_array(catalog)}, [&](const Record& row) {
    table_of(catalog, row.oid("attrelid")).columns.push_back(column_of(row));
  });
}

}  // namespace zdm::migrations
