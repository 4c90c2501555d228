#include <fmt/format.h>

#include "database/catalog/records.hpp"
#include "matviews/body_names.hpp"
#include "matviews/job.hpp"

namespace zdm::migrations {
namespace {

/// Functions that the view calls, whose body is a string and who set no search path of their own.
constexpr std::string_view kFunctions = R"(
    WITH RECURSIVE edge(class, object, refclass, ref) AS (
      SELECT 'pg_class'::regclass::oid, r.ev_class, d.refclassid, d.refobjid
        FROM pg_rewrite r
        JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
       WHERE r.rulename = '_RETURN'
      UNION
      SELECT d.classid, d.objid, d.refclassid, d.refobjid
        FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass),
    walk(class, object) AS (
      SELECT 'pg_class'::regclass::oid, $1::oid
      UNION
      SELECT e.refclass, e.ref
        FROM walk w
        JOIN edge e ON e.class = w.class AND e.object = w.object
        LEFT JOIN pg_class c ON w.class = 'pg_class'::regclass AND c.oid = w.object
       WHERE (c.oid IS NULL OR c.oid = $1::oid OR c.relkind = 'v')
         AND e.refclass IN ('pg_class'::regclass, 'pg_proc'::regclass))
    SELECT p.oid, p.oid::regprocedure::text AS name, l.lanname, p.prosrc
      FROM walk w
      JOIN pg_proc p ON w.class = 'pg_proc'::regclass AND p.oid = w.object
      JOIN pg_language l ON l.oid = p.prolang
      JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE l.lanname IN ('sql', 'plpgsql') AND p.prosrc <> '' AND n.nspname <> 'pg_catalog'
       AND NOT EXISTS (SELECT FROM unnest(p.proconfig) s WHERE s LIKE 'search_path=%')
     ORDER BY 2)";

struct Function {
  std::uint32_t oid = 0;
  std::string name, language, body;
};

/// The server's own validator reads the body as a call would, under the search path set now.
Result<std::string> fault_of_sql(Connection& connection, const Function& function) {
  ZDM_CHECK(connection.run("SAVEPOINT zdm_function"));
  ZDM_CHECK(connection.run("SET LOCAL search_path = pg_catalog, pg_temp"));
  const auto valid =
      connection.run("SELECT fmgr_sql_validator($1::oid)", {std::to_string(function.oid)});
  ZDM_CHECK(connection.run("ROLLBACK TO SAVEPOINT zdm_function"));
  if (valid) return std::string();
  const bool unknown = valid.error().sqlstate.starts_with("42");
  if (!unknown) return std::string();
  return valid.error().message;
}

/// PL/pgSQL looks names up when it runs: relations that are found now, and not in pg_catalog.
Result<std::string> fault_of_plpgsql(Connection& connection, const Function& function) {
  std::vector<std::vector<std::string>> asked;
  for (const auto& name : planner::unqualified_relations(function.body)) asked.push_back({name});
  std::string found;
  ZDM_CHECK(for_each(connection, R"(
      SELECT e.item ->> 0 AS name FROM json_array_elements($1::json) e(item)
       WHERE to_regclass(quote_ident(e.item ->> 0)) IS NOT NULL
         AND to_regclass('pg_catalog.' || quote_ident(e.item ->> 0)) IS NULL)",
                     {to_json(asked)}, [&](const Record& row) {
                       found = fmt::format("relation \"{}\" is named without its schema",
                                           row.text("name"));
                     }));
  return found;
}

}  // namespace

Result<std::vector<std::string>> unsafe_functions(Connection& connection, std::uint32_t view_oid) {
  std::vector<Function> functions;
  ZDM_CHECK(for_each(connection, kFunctions, {std::to_string(view_oid)}, [&](const Record& row) {
    functions.push_back(
        {row.oid("oid"), row.text("name"), row.text("lanname"), row.text("prosrc")});
  }));
  std::vector<std::string> sentences;
  for (const Function& function : functions) {
    ZDM_TRY(const std::string fault, function.language == "sql"
                                         ? fault_of_sql(connection, function)
                                         : fault_of_plpgsql(connection, function));
    if (fault.empty()) continue;
    sentences.push_back(fmt::format("function {}: {}", function.name, fault));
  }
  return sentences;
}

}  // namespace zdm::migrations
