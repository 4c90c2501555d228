#include <fmt/format.h>
#include <utility>

#include "database/catalog/readers.hpp"
#include "database/catalog/records.hpp"
#include "matviews/followers.hpp"

namespace zdm::migrations {

using planner::Catalog;
using planner::Dependent;
using planner::DependentKind;
using planner::Table;
using planner::TableKind;

namespace {

std::string_view word_of(DependentKind kind) {
  switch (kind) {
    case DependentKind::view:
      return "view";
    case DependentKind::rule:
      return "rule";
    case DependentKind::policy:
      return "policy";
    case DependentKind::function:
      return "function";
    case DependentKind::materialized_view:
      return "materialized view";
    case DependentKind::generated_column:
    case DependentKind::publication:
    case DependentKind::statistics:
    case DependentKind::trigger:
    case DependentKind::foreign_key:
    case DependentKind::sequence:
    case DependentKind::other:
      break;
  }
  return {};
}

bool is_view(const Table& table) {
  return table.kind == TableKind::view || table.kind == TableKind::materialized_view;
}

bool is_asked(const Dependent& dependent) {
  return dependent.oid != 0 && dependent.certain && !word_of(dependent.kind).empty();
}

void put(Catalog& catalog, const Record& row) {
  for (Table& table : catalog.tables) {
    if (!is_view(table)) continue;
    for (Dependent& dependent : table.dependents) {
      if (!is_asked(dependent) || dependent.oid != row.oid("oid") ||
          word_of(dependent.kind) != row.text("kind")) {
        continue;
      }
      dependent.rebind = row.text("rebind");
      dependent.relation = {row.text("schema"), row.text("name")};
      dependent.reads = row.names("reads");
      dependent.owner = row.text("owner");
      dependent.ours = row.flag("ours");
      dependent.temporary = row.flag("temporary");
      dependent.comment = row.text("comment");
    }
  }
}

/// How each kind is bound anew: the arms of a CASE.
std::string rebind_arms() {
  std::string arms;
  for (const auto kind :
       {DependentKind::view, DependentKind::rule, DependentKind::policy, DependentKind::function}) {
    arms +=
        fmt::format(" WHEN '{}' THEN {}", word_of(kind), planner::views::rebind_sql(kind, "a.oid"));
  }
  return arms;
}

}  // namespace

Result<void> read_rebinds(Connection& connection, Catalog& catalog) {
  std::vector<std::vector<std::string>> asked;
  for (const Table& table : catalog.tables) {
    if (!is_view(table)) continue;
    for (const Dependent& dependent : table.dependents) {
      if (!is_asked(dependent)) continue;
      asked.push_back({std::string(word_of(dependent.kind)), std::to_string(dependent.oid)});
    }
  }
  if (asked.empty()) return {};
  constexpr std::string_view kSql = R"(
    SELECT a.kind, a.oid, n.nspname AS schema, c.relname AS name, CASE a.kind{} END AS rebind,
           pg_get_userbyid(coalesce(f.proowner, c.relowner)) AS owner,
           pg_has_role(coalesce(f.proowner, c.relowner), 'USAGE') AS ours,
           a.kind = 'view' AND c.relpersistence = 't' AS temporary,
           CASE a.kind WHEN 'rule' THEN obj_description(r.oid, 'pg_rewrite') END AS comment,
           (SELECT json_agg(DISTINCT jsonb_build_array(rn.nspname, rc.relname))
              FROM pg_depend d
              JOIN pg_class rc ON rc.oid = d.refobjid AND rc.relkind IN ('r', 'p', 'f', 'v', 'm')
              JOIN pg_namespace rn ON rn.oid = rc.relnamespace
             WHERE d.classid = CASE a.kind WHEN 'policy' THEN 'pg_policy'::regclass
                                           WHEN 'function' THEN 'pg_proc'::regclass
                                           ELSE 'pg_rewrite'::regclass END
               AND d.objid = a.oid AND d.refclassid = 'pg_class'::regclass
               AND d.refobjid IS DISTINCT FROM c.oid) AS reads
      FROM (SELECT item ->> 0 AS kind, (item ->> 1)::oid AS oid
              FROM json_array_elements($1::json) AS asked(item)) AS a
      LEFT JOIN pg_rewrite r ON a.kind IN ('view', 'materialized view', 'rule') AND r.oid = a.oid
      LEFT JOIN pg_policy p ON a.kind = 'policy' AND p.oid = a.oid
      LEFT JOIN pg_proc f ON a.kind = 'function' AND f.oid = a.oid
      LEFT JOIN pg_class c ON c.oid = coalesce(r.ev_class, p.polrelid)
      LEFT JOIN pg_namespace n ON n.oid = c.relnamespace)";
  return for_each(connection, fmt::format(fmt::runtime(kSql), rebind_arms()), {to_json(asked)},
                  [&](const Record& row) { put(catalog, row); });
}

Result<void> find_below_views(Connection& connection, Catalog& catalog) {
  constexpr std::string_view kSql = R"(
    WITH RECURSIVE below AS (
      SELECT c.oid FROM pg_class c WHERE c.oid = ANY ($1::oid[]) AND c.relkind IN ('v', 'm')
       UNION
      SELECT d.refobjid
        FROM below b
        JOIN pg_class v ON v.oid = b.oid AND (v.relkind = 'v' OR v.oid = ANY ($1::oid[]))
        JOIN pg_rewrite r ON r.ev_class = v.oid AND r.rulename = '_RETURN'
        JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                        AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> v.oid)
    SELECT b.oid
      FROM below b
      JOIN pg_class c ON c.oid = b.oid
     WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')
     ORDER BY b.oid)";
  return for_each(connection, kSql, {oid_array(catalog)}, [&](const Record& row) {
    if (std::as_const(catalog).table_by_oid(row.oid("oid")) == nullptr) {
      catalog.tables.emplace_back().oid = row.oid("oid");
    }
  });
}

}  // namespace zdm::migrations
