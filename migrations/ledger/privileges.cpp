#include "ledger/privileges.hpp"

#include <fmt/format.h>

#include "ledger/fields.hpp"

namespace zdm::migrations {
namespace {

// to_regnamespace() asks for no privilege.
constexpr std::string_view kWho = R"(
    SELECT quote_ident(current_user), to_regnamespace('zdm') IS NOT NULL,
           coalesce(has_schema_privilege(to_regnamespace('zdm'), 'USAGE'), false),
           quote_ident(current_database()),
           (SELECT count(*) FROM pg_catalog.pg_class c
             CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p(needed)
             WHERE c.relnamespace = to_regnamespace('zdm') AND c.relkind = 'r'
               AND NOT has_table_privilege(c.oid, p.needed)))";

}  // namespace

Error with_ledger_grants(Connection& connection, Error error) {
  if (error.sqlstate != "42501" || connection.engine() == Engine::sqlite) return error;
  const auto rows = connection.run(kWho);
  if (!rows) return error;
  const auto& row = rows->rows.front();
  const std::string role = ledger::text(row[0]);
  if (!ledger::truth(row[1])) {
    error.hint = fmt::format(
        "zdm keeps its record in a schema zdm of the target database: let its owner run zdm once, "
        "and grant this role what zdm-partitions(7) lists; or GRANT CREATE ON DATABASE {} TO {}",
        ledger::text(row[3]), role);
  } else if (!ledger::truth(row[2]) || ledger::number(row[4]) > 0) {
    error.hint = fmt::format(
        "GRANT USAGE ON SCHEMA zdm TO {0}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN "
        "SCHEMA zdm TO {0}; GRANT USAGE ON ALL SEQUENCES IN SCHEMA zdm TO {0}",
        role);
  } else {
    return error;
  }
  error.statement.clear();
  return error;
}

}  // namespace zdm::migrations
