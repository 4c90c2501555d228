#include "database/catalog/readers.hpp"
#include "database/catalog/records.hpp"

namespace zdm::migrations {

using planner::Catalog;
using planner::Trigger;

namespace {

/// pg_trigger.tgtype: the TRIGGER_TYPE_ bits of catalog/pg_trigger.h.
Trigger trigger_of(const Record& row) {
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
  return trigger;
}

}  // namespace

Result<void> read_triggers(Connection& connection, Catalog& catalog) {
  constexpr std::string_view kSql = R"(
    SELECT g.tgrelid, g.tgname, g.tgtype, g.tgenabled,
           quote_ident(n.nspname) || '.' || quote_ident(p.proname) AS function,
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
     WHERE g.tgrelid = ANY ($1::oid[]) AND NOT g.tgisinternal
     ORDER BY g.tgrelid, g.tgname)";
  return for_each(connection, kSql, {oid_array(catalog)}, [&](const Record& row) {
    table_of(catalog, row.oid("tgrelid")).triggers.push_back(trigger_of(row));
  });
}

}  // namespace zdm::migrations
