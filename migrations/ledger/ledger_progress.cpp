// What planning the next phase needs: recorded columns, tables as they were.

#include <fmt/format.h>

#include <algorithm>

#include "ledger/fields.hpp"
#include "ledger/ledger.hpp"
#include "ledger/model_json.hpp"
#include "ledger/schema.hpp"
#include "ledger/table_key.hpp"
#include "sql/quote.hpp"

namespace zdm::migrations {
namespace {

using planner::RecordedColumn;

/// Recorded objects under the names they have now; under the recorded ones where they are gone.
constexpr std::string_view kColumnsPostgres =
    R"(SELECT r.change, r.role, coalesce(n.nspname, r.schema_name),
              coalesce(c.relname, r.table_name), r.table_key, r.attnum,
              coalesce(a.attname, r.column_name)
         FROM zdm.recorded_column r
         LEFT JOIN pg_catalog.pg_class c ON c.oid = r.table_key
         LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         LEFT JOIN pg_catalog.pg_attribute a
                ON a.attrelid = r.table_key AND a.attnum = r.attnum
               AND a.attnum > 0 AND NOT a.attisdropped
        WHERE r.target = $1 AND r.migration = $2
        ORDER BY r.change, r.role COLLATE "C")";

/// cid moves when a column before it is dropped, so it is read again by name.
constexpr std::string_view kColumnsSqlite =
    R"(SELECT r.change, r.role, r.schema_name, r.table_name, 0,
              CASE WHEN r.attnum = 0 THEN 0 ELSE coalesce(i.cid + 1, r.attnum) END, r.column_name
         FROM zdm_recorded_column r
         LEFT JOIN pragma_table_xinfo(r.table_name) i ON i.name = r.column_name COLLATE NOCASE
        WHERE r.target = $1 AND r.migration = $2
        ORDER BY r.change, r.role)";

Result<std::vector<RecordedColumn>> recorded_columns(Connection& connection,
                                                     const std::string& target,
                                                     const MigrationId& id) {
  const bool postgres = connection.engine() == Engine::postgresql;
  ZDM_TRY(const Rows found,
          connection.run(postgres ? kColumnsPostgres : kColumnsSqlite, {target, id.value}));
  std::vector<RecordedColumn> columns;
  for (const auto& row : found.rows) {
    columns.push_back({.change = ledger::number<std::size_t>(row[0]),
                       .role = ledger::text(row[1]),
                       .table = {ledger::text(row[2]), ledger::text(row[3])},
                       .table_oid = ledger::number<std::uint32_t>(row[4]),
                       .attnum = ledger::number<int>(row[5]),
                       .name = ledger::text(row[6])});
  }
  return columns;
}

Result<std::vector<planner::Table>> tables_before(Connection& connection, const std::string& target,
                                                  const MigrationId& id) {
  ZDM_TRY(const Rows found,
          connection.run(fmt::format(R"(SELECT definition FROM {} WHERE target = $1
                                           AND migration = $2 ORDER BY table_key)",
                                     table(connection.engine(), "table_before")),
                         {target, id.value}));
  std::vector<planner::Table> tables;
  for (const auto& row : found.rows) {
    ZDM_TRY(planner::Table before, parse_table(ledger::text(row[0])));
    tables.push_back(std::move(before));
  }
  return tables;
}

/// The column's number in its table; drift when it is not there.
Result<int> number_of(Connection& connection, const TableKey& key, const std::string& column) {
  constexpr std::string_view kPostgres =
      R"(SELECT attnum FROM pg_catalog.pg_attribute
          WHERE attrelid = $1 AND attname = $2 AND attnum > 0 AND NOT attisdropped)";
  constexpr std::string_view kSqlite =
      "SELECT cid + 1 FROM pragma_table_xinfo($1) WHERE name = $2 COLLATE NOCASE";
  const bool postgres = connection.engine() == Engine::postgresql;
  ZDM_TRY(const Rows found, connection.run(postgres ? kPostgres : kSqlite, {key.key, column}));
  if (found.empty()) {
    return planner::fail(ErrorCode::drift,
                         fmt::format("column {} of {} is not there to be recorded",
                                     planner::quote_identifier(column), quote(key.name)),
                         "someone dropped or renamed it while zdm worked");
  }
  return static_cast<int>(found.first_integer());
}

/// One row of recorded_column; attnum 0 for what is not a column.
struct Entry {
  std::size_t change = 0;
  const std::string& role;
  int attnum = 0;
  const std::string& name;
};

Result<void> enter(Connection& connection, const std::string& target, const MigrationId& id,
                   const TableKey& key, const Entry& entry) {
  ZDM_CHECK(connection.run(
      fmt::format(R"(INSERT INTO {} (target, migration, change, role, table_key, schema_name,
                                     table_name, attnum, column_name)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                     ON CONFLICT (target, migration, change, role) DO UPDATE
                        SET table_key = excluded.table_key, schema_name = excluded.schema_name,
                            table_name = excluded.table_name, attnum = excluded.attnum,
                            column_name = excluded.column_name, recorded = excluded.recorded)",
                  table(connection.engine(), "recorded_column")),
      {target, id.value, std::to_string(entry.change), entry.role, key.key, key.name.schema,
       key.name.name, std::to_string(entry.attnum), entry.name}));
  return {};
}

}  // namespace

Result<planner::Progress> Ledger::progress(Connection& connection, const MigrationId& id) const {
  planner::Progress progress;
  ZDM_TRY(const std::vector<PhaseRow> rows, phases(connection));
  for (const PhaseRow& row : rows) {
    const bool finished = row.state == PhaseState::done || row.state == PhaseState::empty;
    if (row.id == id && finished && (!progress.done || *progress.done < row.phase)) {
      progress.done = row.phase;
    }
  }
  ZDM_TRY(progress.columns, recorded_columns(connection, target_, id));
  ZDM_TRY(progress.tables, all_rules(connection, target_));
  ZDM_TRY(progress.before, tables_before(connection, target_, id));
  return progress;
}

Result<void> Ledger::record(Connection& connection, const MigrationId& id,
                            const planner::Record& record) const {
  if (const auto* forget = std::get_if<planner::ForgetColumn>(&record)) {
    ZDM_CHECK(connection.run(fmt::format(R"(DELETE FROM {} WHERE target = $1 AND migration = $2
                          AND change = $3 AND role = $4)",
                                         table(connection.engine(), "recorded_column")),
                             {target_, id.value, std::to_string(forget->change), forget->role}));
    return {};
  }
  if (const auto* named = std::get_if<planner::RecordName>(&record)) {
    ZDM_TRY(const TableKey key, require_table_key(connection, named->table));
    return enter(connection, target_, id, key,
                 {.change = named->change, .role = named->role, .attnum = 0, .name = named->name});
  }
  const auto& column = std::get<planner::RecordColumn>(record);
  ZDM_TRY(const TableKey key, require_table_key(connection, column.table));
  ZDM_TRY(const int attnum, number_of(connection, key, column.column));
  return enter(
      connection, target_, id, key,
      {.change = column.change, .role = column.role, .attnum = attnum, .name = column.column});
}

Result<void> Ledger::put_table_before(Connection& connection, const MigrationId& id,
                                      const planner::Table& before) const {
  const Engine engine = connection.engine();
  const std::string key =
      engine == Engine::postgresql ? std::to_string(before.oid) : before.name.name;
  ZDM_CHECK(connection.run(
      fmt::format(R"(INSERT INTO {} (target, migration, table_key, schema_name, table_name,
                                     definition)
                     VALUES ($1, $2, $3, $4, $5, $6)
                     ON CONFLICT (target, migration, table_key) DO UPDATE
                        SET schema_name = excluded.schema_name, table_name = excluded.table_name,
                            definition = excluded.definition, recorded = excluded.recorded)",
                  table(engine, "table_before")),
      {target_, id.value, key, before.name.schema, before.name.name, table_json(before)}));
  return {};
}

Result<void> Ledger::follow_rename(Connection& connection, const planner::TableName& from,
                                   const planner::TableName& to) const {
  if (connection.engine() == Engine::postgresql) {
    return {};
  }
  for (const std::string_view name : {"recorded_column", "table_sync"}) {
    ZDM_CHECK(connection.run(
        fmt::format("UPDATE {} SET table_key = $3, table_name = $3 WHERE target = $1 AND "
                    "table_key = $2",
                    table(Engine::sqlite, name)),
        {target_, from.name, to.name}));
  }
  ZDM_CHECK(
      connection.run("UPDATE zdm_table_rule SET table_key = $3 WHERE target = $1 AND "
                     "table_key = $2",
                     {target_, from.name, to.name}));
  return {};
}

}  // namespace zdm::migrations
