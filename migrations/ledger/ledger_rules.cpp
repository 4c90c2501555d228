// The rules that the trigger pairs of tables are made of.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "ledger/fields.hpp"
#include "ledger/ledger.hpp"
#include "ledger/model_json.hpp"
#include "ledger/schema.hpp"
#include "ledger/table_key.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

using planner::SyncRule;
using planner::TableRules;

constexpr std::string_view kTablesPostgres =
    R"(SELECT s.table_key, coalesce(n.nspname, s.schema_name), coalesce(c.relname, s.table_name),
              s.generation
         FROM zdm.table_sync s
         LEFT JOIN pg_catalog.pg_class c ON c.oid = s.table_key
         LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE s.target = $1
        ORDER BY s.table_key)";

constexpr std::string_view kTablesSqlite =
    R"(SELECT table_key, schema_name, table_name, generation
         FROM zdm_table_sync WHERE target = $1 ORDER BY table_key)";

/// Rules by table key, in the order of migration, change and their own.
Result<std::map<std::string, std::vector<SyncRule>>> rules_by_key(Connection& connection,
                                                                  const std::string& target) {
  ZDM_TRY(const Rows found,
          connection.run(fmt::format(R"(SELECT table_key, rule FROM {} WHERE target = $1
                                         ORDER BY change, ordinal)",
                                     table(connection.engine(), "table_rule")),
                         {target}));
  std::map<std::string, std::vector<SyncRule>> rules;
  for (const auto& row : found.rows) {
    ZDM_TRY(SyncRule rule, parse_rule(ledger::text(row[1])));
    rules[ledger::text(row[0])].push_back(std::move(rule));
  }
  for (auto& [key, list] : rules) {
    // Not in SQL: the database's collation would order ids otherwise than the other engine.
    std::ranges::stable_sort(list, {}, [](const SyncRule& rule) { return rule.migration.value; });
  }
  return rules;
}

/// A table whose rules leave may be gone already: then it is found by the name it had.
Result<std::optional<TableKey>> key_or_former(Connection& connection, const std::string& target,
                                              const planner::TableName& name) {
  ZDM_TRY(auto key, table_key(connection, name));
  if (key) {
    return key;
  }
  ZDM_TRY(const Rows found, connection.run(fmt::format(R"(SELECT table_key FROM {} WHERE target = $1
                                           AND schema_name = $2 AND table_name = $3)",
                                                       table(connection.engine(), "table_sync")),
                                           {target, name.schema, name.name}));
  if (found.empty()) {
    return std::optional<TableKey>{};
  }
  return std::optional<TableKey>(TableKey{found.first(), name});
}

Result<void> take_out(Connection& connection, const std::string& target, const TableKey& key,
                      const MigrationId& id, std::size_t change) {
  ZDM_CHECK(connection.run(
      fmt::format(R"(DELETE FROM {} WHERE target = $1 AND table_key = $2 AND migration = $3
                        AND change = $4)",
                  table(connection.engine(), "table_rule")),
      {target, key.key, id.value, std::to_string(change)}));
  return {};
}

Result<void> put_in(Connection& connection, const std::string& target, const TableKey& key,
                    const MigrationId& id, std::size_t ordinal, const SyncRule& rule) {
  ZDM_CHECK(connection.run(
      fmt::format(R"(INSERT INTO {} (target, table_key, migration, change, ordinal, rule)
                     VALUES ($1, $2, $3, $4, $5, $6))",
                  table(connection.engine(), "table_rule")),
      {target, key.key, id.value, std::to_string(rule.change), std::to_string(ordinal),
       rule_json(rule)}));
  return {};
}

Result<std::int64_t> next_generation(Connection& connection, const std::string& target,
                                     const TableKey& key) {
  ZDM_TRY(
      const Rows rows,
      connection.run(fmt::format(R"(INSERT INTO {} AS s (target, table_key, schema_name, table_name,
                                                  generation)
                             VALUES ($1, $2, $3, $4, 1)
                             ON CONFLICT (target, table_key) DO UPDATE
                                SET generation = s.generation + 1,
                                    schema_name = excluded.schema_name,
                                    table_name = excluded.table_name
                             RETURNING generation)",
                                 table(connection.engine(), "table_sync")),
                     {target, key.key, key.name.schema, key.name.name}));
  return rows.first_integer();
}

}  // namespace

Result<std::optional<TableKey>> table_key(Connection& connection, const planner::TableName& name) {
  constexpr std::string_view kPostgres =
      R"(SELECT c.oid, n.nspname, c.relname
           FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          WHERE c.oid = to_regclass($1))";
  constexpr std::string_view kSqlite =
      R"(SELECT name, $2, name FROM sqlite_master
          WHERE type IN ('table', 'view') AND name = $1 COLLATE NOCASE)";
  const bool postgres = connection.engine() == Engine::postgresql;
  auto found = postgres ? connection.run(kPostgres, {quote(name)})
                        : connection.run(kSqlite, {name.name, name.schema});
  ZDM_CHECK(found);
  if (found->empty()) {
    return std::optional<TableKey>{};
  }
  return std::optional<TableKey>(TableKey{found->first(0), {found->first(1), found->first(2)}});
}

Result<TableKey> require_table_key(Connection& connection, const planner::TableName& name) {
  ZDM_TRY(auto key, table_key(connection, name));
  if (!key) {
    return planner::fail(ErrorCode::drift,
                         fmt::format("{} is not there to be recorded", quote(name)),
                         "someone dropped or renamed it while zdm worked");
  }
  return std::move(*key);
}

Result<std::vector<TableRules>> all_rules(Connection& connection, const std::string& target) {
  const bool postgres = connection.engine() == Engine::postgresql;
  ZDM_TRY(const Rows found, connection.run(postgres ? kTablesPostgres : kTablesSqlite, {target}));
  ZDM_TRY(auto rules, rules_by_key(connection, target));
  std::vector<TableRules> tables;
  for (const auto& row : found.rows) {
    tables.push_back({.table = {ledger::text(row[1]), ledger::text(row[2])},
                      .table_oid = postgres ? ledger::number<std::uint32_t>(row[0]) : 0,
                      .generation = ledger::number(row[3]),
                      .rules = std::move(rules[ledger::text(row[0])])});
  }
  return tables;
}

Result<TableRules> Ledger::table_rules(Connection& connection,
                                       const planner::TableName& name) const {
  ZDM_TRY(const auto key, key_or_former(connection, target_, name));
  ZDM_TRY(auto tables, all_rules(connection, target_));
  for (TableRules& each : tables) {
    const std::string each_key =
        each.table_oid != 0 ? std::to_string(each.table_oid) : each.table.name;
    if (key && each_key == key->key) {
      return std::move(each);
    }
  }
  TableRules none{.table = key ? key->name : name};
  if (key && connection.engine() == Engine::postgresql) {
    none.table_oid = ledger::number<std::uint32_t>(key->key);
  }
  return none;
}

Result<std::int64_t> Ledger::change_rules(Connection& connection, const MigrationId& id,
                                          const planner::SyncAction& action) const {
  ZDM_TRY(const auto key, key_or_former(connection, target_, action.table));
  if (!key) {
    if (action.enter.empty()) {
      return 0;  // the table went, and never had rules
    }
    return planner::fail(
        ErrorCode::drift,
        fmt::format("table {} is not there to be kept in sync", quote(action.table)),
        "someone dropped or renamed it while zdm worked");
  }
  for (const std::size_t change : action.leave) {
    ZDM_CHECK(take_out(connection, target_, *key, id, change));
  }
  for (const SyncRule& rule : action.enter) {
    ZDM_CHECK(take_out(connection, target_, *key, id, rule.change));
  }
  for (std::size_t i = 0; i < action.enter.size(); ++i) {
    ZDM_CHECK(put_in(connection, target_, *key, id, i, action.enter[i]));
  }
  return next_generation(connection, target_, *key);
}

}  // namespace zdm::migrations
