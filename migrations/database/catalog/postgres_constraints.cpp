#include <utility>

#include "database/catalog/readers.hpp"
#include "database/catalog/records.hpp"

namespace zdm::migrations {

using planner::Catalog;
using planner::Constraint;
using planner::ConstraintKind;
using planner::ForeignKey;
using planner::IncomingForeignKey;

namespace {

ConstraintKind kind_of(const std::string& contype) {
  switch (contype.empty() ? 'c' : contype.front()) {
    case 'f':
      return ConstraintKind::foreign_key;
    case 'u':
      return ConstraintKind::unique;
    case 'p':
      return ConstraintKind::primary_key;
    case 'x':
      return ConstraintKind::exclusion;
    case 'n':
      return ConstraintKind::not_null;  // a row of its own from PostgreSQL 18 on
    default:
      return ConstraintKind::check;
  }
}

Constraint constraint_of(const Record& row) {
  Constraint constraint;
  constraint.oid = row.oid("oid");
  constraint.name = row.text("conname");
  constraint.kind = kind_of(row.text("contype"));
  constraint.validated = row.flag("convalidated");
  constraint.deferrable = row.flag("condeferrable");
  constraint.initially_deferred = row.flag("condeferred");
  constraint.no_inherit = row.flag("connoinherit");
  constraint.attnums = row.integers("attnums");
  constraint.definition = row.text("definition");
  constraint.expression = row.text("expression");
  if (constraint.kind == ConstraintKind::foreign_key) {
    constraint.references = ForeignKey{.table_oid = row.oid("confrelid"),
                                       .table = {row.text("other_schema"), row.text("other_name")},
                                       .columns = row.texts("other_columns"),
                                       .index = {row.text("other_schema"), row.text("index_name")},
                                       .indexes = {}};
    for (auto& name : row.texts("other_indexes")) {
      constraint.references->indexes.push_back({row.text("other_schema"), std::move(name)});
    }
  } else {
    constraint.index = row.text("index_name");
  }
  constraint.comment = row.text("comment");
  return constraint;
}

/// Through pg_depend, which has an index for it; pg_constraint has none on confrelid. The
/// constraints that partitions of a referencing table inherit are left out.
Result<void> read_incoming(Connection& connection, Catalog& catalog) {
  constexpr std::string_view kSql = R"(
    SELECT o.confrelid, o.conname, n.nspname AS schema, c.relname AS name,
           array_to_string(o.confkey, ' ') AS attnums,
           pg_get_constraintdef(o.oid) AS definition
      FROM (SELECT DISTINCT d.objid
              FROM pg_depend d
             WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY ($1::oid[])
               AND d.classid = 'pg_constraint'::regclass) AS d
      JOIN pg_constraint o ON o.oid = d.objid AND o.contype = 'f'
      JOIN pg_class c ON c.oid = o.conrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_constraint parent ON parent.oid = o.conparentid
     WHERE o.confrelid = ANY ($1::oid[])
       AND (parent.oid IS NULL OR parent.confrelid <> o.confrelid)
     ORDER BY o.confrelid, n.nspname, c.relname, o.conname)";
  return for_each(connection, kSql, {oid_array(catalog)}, [&](const Record& row) {
    table_of(catalog, row.oid("confrelid"))
        .incoming.push_back(IncomingForeignKey{.name = row.text("conname"),
                                               .table = {row.text("schema"), row.text("name")},
                                               .attnums = row.integers("attnums"),
                                               .definition = row.text("definition")});
  });
}

}  // namespace

Result<void> read_constraints(Connection& connection, Catalog& catalog) {
  // Constraint triggers (contype t) are read as triggers.
  constexpr std::string_view kSql = R"(
    SELECT o.conrelid, o.oid, o.conname, o.contype, o.convalidated, o.condeferrable, o.condeferred,
           o.connoinherit, o.confrelid,
           array_to_string(o.conkey, ' ') AS attnums,
           pg_get_constraintdef(o.oid) AS definition,
           CASE o.contype WHEN 'c' THEN pg_get_expr(o.conbin, o.conrelid) END AS expression,
           other_schema.nspname AS other_schema, other.relname AS other_name,
           (SELECT json_agg(a.attname ORDER BY k.place)
              FROM unnest(o.confkey) WITH ORDINALITY AS k(attnum, place)
              JOIN pg_attribute a ON a.attrelid = o.confrelid AND a.attnum = k.attnum)
             AS other_columns,
           (SELECT json_agg(c.relname ORDER BY c.relname)
              FROM pg_index i
              JOIN pg_class c ON c.oid = i.indexrelid
             WHERE o.contype = 'f' AND i.indrelid = o.confrelid) AS other_indexes,
           (SELECT i.relname FROM pg_class i WHERE i.oid = o.conindid) AS index_name,
           obj_description(o.oid, 'pg_constraint') AS comment
      FROM pg_constraint o
      LEFT JOIN pg_class other ON other.oid = o.confrelid
      LEFT JOIN pg_namespace other_schema ON other_schema.oid = other.relnamespace
     WHERE o.conrelid = ANY ($1::oid[]) AND o.contype <> 't'
     ORDER BY o.conrelid, o.conname)";
  ZDM_CHECK(for_each(connection, kSql, {oid_array(catalog)}, [&](const Record& row) {
    table_of(catalog, row.oid("conrelid")).constraints.push_back(constraint_of(row));
  }));
  return read_incoming(connection, catalog);
}

}  // namespace zdm::migrations
