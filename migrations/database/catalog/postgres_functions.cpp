#include <algorithm>

#include "database/catalog/readers.hpp"
#include "database/catalog/records.hpp"
#include "database/catalog/words.hpp"

namespace zdm::migrations {

using planner::Catalog;
using planner::Dependent;
using planner::DependentKind;
using planner::Table;

namespace {

/// A body names the table, or belongs to one of its triggers: then it may read any column it names.
/// A trigger's function that names no column is of no interest.
void find_in(const std::set<std::string>& words, const Record& row, bool of_trigger, Table& table) {
  if (!of_trigger && !words.contains(lower(table.name.name))) {
    return;
  }
  Dependent dependent{
      .kind = DependentKind::function, .name = row.text("name"), .attnums = {}, .certain = false};
  for (const auto& column : table.columns) {
    if (words.contains(lower(column.name))) {
      dependent.attnums.push_back(column.attnum);
    }
  }
  if (!of_trigger || !dependent.attnums.empty()) {
    table.dependents.push_back(std::move(dependent));
  }
}

}  // namespace

Result<void> read_functions(Connection& connection, Catalog& catalog) {
  std::vector<std::vector<std::string>> names;
  for (const Table& table : catalog.tables) {
    names.push_back({lower(table.name.name)});
  }
  // The one scan there is, of pg_proc: nothing in the catalog says what a string body names.
  // Functions with a parsed body (BEGIN ATOMIC) have an empty prosrc and stand in pg_depend.
  constexpr std::string_view kSql = R"(
    WITH own AS MATERIALIZED (
      SELECT p.oid, p.prosrc, lower(p.prosrc) AS body
        FROM pg_proc p
       WHERE p.pronamespace <> ALL (ARRAY(
               SELECT n.oid FROM pg_namespace n
                WHERE n.nspname IN ('pg_catalog', 'information_schema', 'zdm')))
         AND p.prolang <> ALL (ARRAY(
               SELECT l.oid FROM pg_language l WHERE l.lanname IN ('internal', 'c')))
         AND p.prosrc <> '')
    SELECT pg_describe_object('pg_proc'::regclass, p.oid, 0) AS name, p.prosrc,
           (SELECT json_agg(DISTINCT g.tgrelid::text)
              FROM pg_trigger g
             WHERE g.tgfoid = p.oid AND g.tgrelid = ANY ($1::oid[]) AND NOT g.tgisinternal) AS triggers
      FROM own p
     WHERE EXISTS (SELECT
                     FROM json_array_elements($2::json) AS asked(item)
                    WHERE strpos(p.body, asked.item ->> 0) > 0)
        OR p.oid IN (SELECT g.tgfoid
                       FROM pg_trigger g
                      WHERE g.tgrelid = ANY ($1::oid[]) AND NOT g.tgisinternal)
     ORDER BY 1)";
  return for_each(connection, kSql, {oid_array(catalog), to_json(names)}, [&](const Record& row) {
    const std::set<std::string> words = words_of(row.text("prosrc"));
    const std::vector<std::string> tables = row.texts("triggers");
    for (Table& table : catalog.tables) {
      const bool of_trigger = std::ranges::find(tables, std::to_string(table.oid)) != tables.end();
      find_in(words, row, of_trigger, table);
    }
  });
}

}  // namespace zdm::migrations
