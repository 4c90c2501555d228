#include "ledger/schema.hpp"

#include <fmt/format.h>

#include <optional>

namespace zdm::migrations {
namespace {

/// Makes two upgrades of one PostgreSQL database wait for each other: until the end of the
/// transaction, so it is right behind a pooler too. The number is "zdm" in ASCII.
constexpr std::string_view kOneAtATime = "SELECT pg_advisory_xact_lock(8021101)";

Result<void> run_all(Connection& connection, std::span<const std::string_view> statements) {
  for (const std::string_view statement : statements) {
    ZDM_CHECK(connection.run(statement));
  }
  return {};
}

Result<void> write_version(Connection& connection, int from, int to, std::string_view zdm_version) {
  const std::string meta = table(connection.engine(), "meta");
  const std::string number = std::to_string(to);
  if (from == 0) {
    ZDM_CHECK(connection.run("INSERT INTO " + meta + " (version, zdm_version) VALUES ($1, $2)",
                             {number, std::string(zdm_version)}));
    return {};
  }
  ZDM_CHECK(
      connection.run(fmt::format("UPDATE {} SET version = $1, zdm_version = $2, upgraded = {}",
                                 meta, now_sql(connection.engine())),
                     {number, std::string(zdm_version)}));
  return {};
}

Result<void> upgrade_here(Connection& connection, std::span<const Upgrade> upgrades,
                          std::string_view zdm_version) {
  if (connection.engine() == Engine::postgresql) {
    ZDM_CHECK(connection.run(kOneAtATime));
  }
  ZDM_TRY(const int from, ledger_version(connection));  // again: someone may have been faster
  const int to = upgrades.back().version;
  ZDM_CHECK(refuse_later_ledger(connection, from, to));
  if (from == to) {
    return {};
  }
  for (const Upgrade& upgrade : upgrades) {
    if (upgrade.version > from) {
      ZDM_CHECK(run_all(connection, upgrade.statements));
    }
  }
  return write_version(connection, from, to, zdm_version);
}

}  // namespace

std::string table(Engine engine, std::string_view name) {
  return fmt::format("{}{}", engine == Engine::postgresql ? "zdm." : "zdm_", name);
}

std::string_view now_sql(Engine engine) {
  return engine == Engine::postgresql ? "clock_timestamp()"
                                      : "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";
}

Result<void> refuse_later_ledger(Connection& connection, int found, int known) {
  if (found <= known) {
    return {};
  }
  ZDM_TRY(const Rows rows,
          connection.run("SELECT zdm_version FROM " + table(connection.engine(), "meta")));
  return planner::fail(
      ErrorCode::drift,
      fmt::format("the ledger in this database has version {}, and this zdm knows up to {}", found,
                  known),
      fmt::format("use zdm {} or later, which wrote it", rows.first()));
}

Result<int> ledger_version(Connection& connection) {
  constexpr std::string_view kPostgres =
      R"(SELECT count(*) FROM pg_catalog.pg_class c
           JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = 'zdm' AND c.relname = 'meta')";
  constexpr std::string_view kSqlite =
      "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'zdm_meta'";
  const Engine engine = connection.engine();
  ZDM_TRY(const Rows there, connection.run(engine == Engine::postgresql ? kPostgres : kSqlite));
  if (there.first_integer() == 0) {
    return 0;
  }
  ZDM_TRY(const Rows rows, connection.run("SELECT version FROM " + table(engine, "meta")));
  return static_cast<int>(rows.first_integer());
}

Result<void> upgrade_ledger(Connection& connection, std::span<const Upgrade> upgrades,
                            std::string_view zdm_version) {
  ZDM_TRY(const int found, ledger_version(connection));
  const int known = upgrades.back().version;
  ZDM_CHECK(refuse_later_ledger(connection, found, known));
  if (found == known) {
    return {};
  }
  if (connection.in_transaction()) {
    return upgrade_here(connection, upgrades, zdm_version);
  }
  ZDM_TRY(Transaction transaction, Transaction::begin(connection));
  if (connection.engine() == Engine::postgresql) {
    // Only zdm touches these tables: to wait for another zdm that upgrades holds up nobody else.
    ZDM_CHECK(connection.run("SET LOCAL lock_timeout = '30s'"));
  }
  ZDM_CHECK(upgrade_here(connection, upgrades, zdm_version));
  return transaction.commit();
}

}  // namespace zdm::migrations
