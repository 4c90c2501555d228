#include <charconv>

#include "database/catalog/readers.hpp"
#include "database/catalog/records.hpp"

namespace zdm::migrations {

using planner::Catalog;
using planner::Index;
using planner::IndexKey;

namespace {

Index index_of(const Record& row) {
  Index index;
  index.oid = row.oid("oid");
  index.name = {row.text("schema"), row.text("name")};
  index.method = row.text("method");
  index.unique = row.flag("indisunique");
  index.primary = row.flag("indisprimary");
  index.exclusion = row.flag("indisexclusion");
  index.valid = row.flag("indisvalid");
  index.ready = row.flag("indisready");
  index.nulls_not_distinct = row.flag("nulls_not_distinct");
  index.replica_identity = row.flag("indisreplident");
  index.clustered = row.flag("indisclustered");
  index.constraint = row.text("constraint_name");
  for (const auto& key : row.table("keys")) {
    int attnum = 0;
    std::from_chars(key[0].data(), key[0].data() + key[0].size(), attnum);
    index.keys.push_back(IndexKey{.attnum = attnum, .sql = key[1] + key[2], .suffix = key[2]});
  }
  index.include = row.texts("include");
  index.predicate = row.text("predicate");
  index.with = row.text("with");
  index.tablespace = row.text("tablespace");
  index.comment = row.text("comment");
  index.statistics = row.integers("statistics");
  index.definition = row.text("definition");
  index.attnums = row.integers("attnums");
  return index;
}

}  // namespace

Result<void> read_indexes(Connection& connection, Catalog& catalog) {
  // pg_get_indexdef() of one key leaves out collation, operator class and order, so they are
  // written as it writes them in the whole definition (ruleutils.c): only where they are not the
  // default. The collation of an expression is not stored anywhere: it is written where it might
  // not be its type's.
  constexpr std::string_view kSql = R"(
    SELECT i.indrelid, i.indexrelid AS oid, n.nspname AS schema, c.relname AS name,
           am.amname AS method, i.indisunique, i.indisprimary, i.indisexclusion, i.indisvalid,
           i.indisready, i.indisreplident, i.indisclustered,
           to_jsonb(i) ->> 'indnullsnotdistinct' AS nulls_not_distinct,
           (SELECT o.conname
              FROM pg_constraint o
             WHERE o.conrelid = i.indrelid AND o.conindid = i.indexrelid
               AND o.contype IN ('p', 'u', 'x')) AS constraint_name,
           (SELECT json_agg(json_build_array(
                     key.attnum, pg_get_indexdef(i.indexrelid, key.place, true), key.suffix)
                     ORDER BY key.place)
              FROM (
                SELECT k.place, i.indkey[k.place - 1] AS attnum,
                       coalesce(' COLLATE ' || (
                         SELECT quote_ident(s.nspname) || '.' || quote_ident(o.collname)
                           FROM pg_collation o
                           JOIN pg_namespace s ON s.oid = o.collnamespace
                          WHERE o.oid = i.indcollation[k.place - 1]
                            AND CASE WHEN i.indkey[k.place - 1] <> 0 THEN
                                  o.oid <> (SELECT a.attcollation
                                              FROM pg_attribute a
                                             WHERE a.attrelid = i.indrelid
                                               AND a.attnum = i.indkey[k.place - 1])
                                ELSE
                                  o.oid <> t.typcollation
                                  OR EXISTS (SELECT
                                               FROM pg_attribute a
                                               JOIN pg_type y ON y.oid = a.atttypid
                                              WHERE a.attrelid = i.indrelid AND a.attnum > 0
                                                AND NOT a.attisdropped
                                                AND a.attcollation <> y.typcollation)
                                END), '')
                       || CASE WHEN op.opcdefault AND ia.attoptions IS NULL THEN '' ELSE
                            ' ' || CASE WHEN pg_opclass_is_visible(op.oid) THEN ''
                                        ELSE quote_ident(opn.nspname) || '.' END
                            || quote_ident(op.opcname)
                            || coalesce((SELECT '(' || string_agg(
                                                 quote_ident(v.option_name) || '='
                                                 || quote_literal(v.option_value), ', ') || ')'
                                           FROM pg_options_to_table(ia.attoptions) v), '') END
                       || CASE WHEN NOT pg_indexam_has_property(am.oid, 'can_order') THEN ''
                               ELSE CASE i.indoption[k.place - 1] & 3
                                      WHEN 1 THEN ' DESC NULLS LAST'
                                      WHEN 2 THEN ' NULLS FIRST'
                                      WHEN 3 THEN ' DESC'
                                      ELSE '' END END AS suffix
                  FROM generate_series(1, i.indnkeyatts) AS k(place)
                  JOIN pg_attribute ia ON ia.attrelid = i.indexrelid AND ia.attnum = k.place
                  JOIN pg_type t ON t.oid = ia.atttypid
                  JOIN pg_opclass op ON op.oid = i.indclass[k.place - 1]
                  JOIN pg_namespace opn ON opn.oid = op.opcnamespace) AS key) AS keys,
           (SELECT json_agg(a.attname ORDER BY k.place)
              FROM generate_series(i.indnkeyatts + 1, i.indnatts) AS k(place)
              JOIN pg_attribute a ON a.attrelid = i.indrelid
                                 AND a.attnum = i.indkey[k.place - 1]) AS include,
           pg_get_expr(i.indpred, i.indrelid) AS predicate,
           (SELECT string_agg(quote_ident(v.option_name) || '=' || quote_literal(v.option_value), ', ')
              FROM pg_options_to_table(c.reloptions) v) AS "with",
           (SELECT s.spcname FROM pg_tablespace s WHERE s.oid = c.reltablespace) AS tablespace,
           obj_description(i.indexrelid, 'pg_class') AS comment,
           (SELECT CASE WHEN max(coalesce(a.attstattarget, -1)) >= 0 THEN
                     string_agg(coalesce(a.attstattarget, -1)::text, ' ' ORDER BY a.attnum) END
              FROM pg_attribute a
             WHERE a.attrelid = i.indexrelid) AS statistics,
           pg_get_indexdef(i.indexrelid) AS definition,
           (SELECT string_agg(x.attnum::text, ' ' ORDER BY x.attnum)
              FROM (SELECT unnest(i.indkey) AS attnum
                     UNION
                    SELECT d.refobjsubid
                      FROM pg_depend d
                     WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                       AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid) x
             WHERE x.attnum > 0) AS attnums
      FROM pg_index i
      JOIN pg_class c ON c.oid = i.indexrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_am am ON am.oid = c.relam
     WHERE i.indrelid = ANY ($1::oid[])
     ORDER BY i.indrelid, c.relname)";
  return for_each(connection, kSql, {oid_array(catalog)}, [&](const Record& row) {
    table_of(catalog, row.oid("indrelid")).indexes.push_back(index_of(row));
  });
}

}  // namespace zdm::migrations
