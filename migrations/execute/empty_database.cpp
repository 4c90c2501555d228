#include "execute/empty_database.hpp"

#include <fmt/format.h>

#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

// Tables of an extension hold its own rows.
constexpr std::string_view kPostgresTables = R"(
    SELECT n.nspname, c.relname
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND c.relpersistence <> 't'
       AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'zdm') AND n.nspname !~ '^pg_toast'
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                          AND d.objid = c.oid AND d.deptype = 'e')
     ORDER BY 1, 2)";

constexpr std::string_view kSqliteTables = R"(
    SELECT '', name FROM sqlite_schema
     WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
       AND name NOT LIKE 'zdm\_%' ESCAPE '\'
     ORDER BY 2)";

Result<void> require_no_rows(Connection& work) {
  const bool sqlite = work.engine() == Engine::sqlite;
  ZDM_TRY(const Rows tables, work.run(sqlite ? kSqliteTables : kPostgresTables));
  for (const auto& row : tables.rows) {
    const std::string name =
        planner::quote({.schema = row[0].value_or(""), .name = row[1].value_or("")});
    ZDM_TRY(const Rows found, work.run(fmt::format("SELECT 1 FROM {} LIMIT 1", name)));
    if (!found.empty()) {
      return planner::fail(ErrorCode::refused,
                           fmt::format("--fresh needs an empty database, and {} has rows", name),
                           "without --fresh, zdm apply carries it from release to release");
    }
  }
  return {};
}

}  // namespace

Result<void> require_empty(Session& session, const LedgerState& state) {
  if (state.exists) {
    ZDM_TRY(const bool unfinished, session.read([&](Connection& work) {
      return session.ledger().fresh_build_unfinished(work);
    }));
    if (unfinished) return {};
    if (state.phases.empty() && state.releases.empty()) return session.snapshot(require_no_rows);
    return planner::fail(ErrorCode::refused,
                         "--fresh needs an empty database, and this one has a ledger of zdm",
                         "without --fresh, zdm apply carries it from release to release");
  }
  return session.snapshot(require_no_rows);
}

}  // namespace zdm::migrations
