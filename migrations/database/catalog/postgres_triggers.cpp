#include "database/catalog/readers.hpp"
#include "database/catalog/records.hpp"
#include "database/catalog/words.hpp"

namespace zdm::migrations {

using planner::Catalog;
using planner::Table;
using planner::Trigger;

namespace {

/// pg_trigger.tgtype: the TRIGGER_TYPE_ bits of catalog/pg_trigger.h.
Trigger trigger_of(const Record& row, const Table& table) {
  const int type = row.number("tgtype");
  Trigger trigger;
  trigger.name = row.text("tgname");
  trigger.row = (type & 1) != 0;
  trigger.before = (type & 2) != 0;
  trigger.on_insert = (type & 4) != 0;
  trigger.on_delete = (type & 8) != 0;
  trigger.on_update = (type & 16) != 0;
  trigger.instead_of = (type & 64) != 0;
  trigger.enabled_mode = row.text("tgenabled");
  trigger.enabled = trigger.enabled_mode != "D";
  trigger.function = row.text("function");
  trigger.definition = row.text("definition");
  trigger.update_of = row.integers("update_of");
  trigger.attnums = row.integers("attnums");
  trigger.comment = row.text("comment");
  const RowWords words = row_words_of(row.text("prosrc"));
  trigger.inserts_row = words.inserted;
  for (const auto& column : table.columns) {
    if (words.columns.contains(column.name)) trigger.body_attnums.push_back(column.attnum);
  }
  return trigger;
}

Result<void> read_update_rules(Connection& connection, Catalog& catalog) {
  constexpr std::string_view kSql = R"(
    WITH RECURSIVE tree AS (
      SELECT c.oid AS root, c.oid FROM pg_class c
       WHERE c.oid = ANY ($1::oid[]) AND c.relkind IN ('r', 'p')
       UNION ALL
      SELECT t.root, i.inhrelid FROM tree t
        JOIN pg_inherits i ON i.inhparent = t.oid
        JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition)
    SELECT t.root,
           'rule ' || quote_ident(r.rulename) || ' of ' || quote_ident(n.nspname) || '.' ||
           quote_ident(c.relname) AS name
      FROM tree t
      JOIN pg_rewrite r ON r.ev_class = t.oid AND r.ev_type = '2' AND r.ev_enabled IN ('O', 'A')
      JOIN pg_class c ON c.oid = t.oid
      JOIN pg_namespace n ON n.oid = c.relnamespace
     ORDER BY t.root, name)";
  return for_each(connection, kSql, {oid_array(catalog)}, [&](const Record& row) {
    table_of(catalog, row.oid("root")).update_rules.push_back(row.text("name"));
  });
}

}  // namespace

Result<void> read_triggers(Connection& connection, Catalog& catalog) {
  constexpr std::string_view kSql = R"(
    SELECT g.tgrelid, g.tgname, g.tgtype, g.tgenabled,
           quote_ident(n.nspname) || '.' || quote_ident(p.proname) AS function,
           CASE WHEN l.lanname IN ('sql', 'plpgsql') THEN p.prosrc ELSE '' END AS prosrc,
           pg_get_triggerdef(g.oid) AS definition,
           g.tgattr AS update_of,
           obj_description(g.oid, 'pg_trigger') AS comment,
           (SELECT string_agg(DISTINCT d.refobjsubid::text, ' ')
              FROM pg_depend d
             WHERE d.classid = 'pg_trigger'::regclass AND d.objid = g.oid
               AND d.refclassid = 'pg_class'::regclass AND d.refobjid = g.tgrelid
               AND d.refobjsubid > 0) AS attnums
      FROM pg_trigger g
      JOIN pg_proc p ON p.oid = g.tgfoid
      JOIN pg_namespace n ON n.oid = p.pronamespace
      JOIN pg_language l ON l.oid = p.prolang
     WHERE g.tgrelid = ANY ($1::oid[]) AND NOT g.tgisinternal
     ORDER BY g.tgrelid, g.tgname)";
  ZDM_CHECK(for_each(connection, kSql, {oid_array(catalog)}, [&](const Record& row) {
    Table& table = table_of(catalog, row.oid("tgrelid"));
    table.triggers.push_back(trigger_of(row, table));
  }));
  return read_update_rules(connection, catalog);
}

}  // namespace zdm::migrations
