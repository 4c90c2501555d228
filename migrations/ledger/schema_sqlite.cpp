#include <array>

#include "ledger/schema.hpp"

namespace zdm::migrations {
namespace {

// As schema_postgres.cpp, where the columns are explained. Times are RFC 3339 text in UTC, JSON is
// text, tables are followed by name: SQLite has no oids.
const std::vector<std::string_view> kVersion1 = {
    R"(CREATE TABLE zdm_meta (
         version     INTEGER NOT NULL,
         zdm_version TEXT    NOT NULL,
         created     TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
         upgraded    TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
       ))",
    R"(CREATE TABLE zdm_release (
         target    TEXT    NOT NULL,
         release   TEXT    NOT NULL,
         sequence  INTEGER NOT NULL,
         live      INTEGER NOT NULL DEFAULT 0,  -- it serves, and everything older has drained
         applied   TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
         went_live TEXT,
         PRIMARY KEY (target, release)
       ))",
    R"(CREATE TABLE zdm_fresh_build (
         target  TEXT NOT NULL PRIMARY KEY,
         release TEXT,
         built   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
       ))",
    R"(CREATE TABLE zdm_migration (
         target               TEXT NOT NULL,
         migration            TEXT NOT NULL,
         checksum             TEXT NOT NULL,
         expressions_checksum TEXT NOT NULL,
         held                 TEXT,  -- why apply passes it by
         first_applied        TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
         PRIMARY KEY (target, migration)
       ))",
    R"(CREATE TABLE zdm_phase_run (
         run         INTEGER PRIMARY KEY AUTOINCREMENT,
         target      TEXT NOT NULL,
         migration   TEXT NOT NULL,
         phase       TEXT NOT NULL,
         direction   TEXT NOT NULL,
         state       TEXT NOT NULL,
         release     TEXT,
         actor       TEXT NOT NULL,
         host        TEXT NOT NULL,
         zdm_version TEXT NOT NULL,
         started     TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
         finished    TEXT,
         error       TEXT,
         FOREIGN KEY (target, migration) REFERENCES zdm_migration
       ))",
    R"(CREATE TABLE zdm_phase (
         target    TEXT    NOT NULL,
         migration TEXT    NOT NULL,
         phase     TEXT    NOT NULL,
         state     TEXT    NOT NULL,
         direction TEXT    NOT NULL,
         release   TEXT,
         error     TEXT,
         finished  TEXT,
         run       INTEGER NOT NULL REFERENCES zdm_phase_run,
         PRIMARY KEY (target, migration, phase)
       ))",
    R"(CREATE TABLE zdm_step (
         run         INTEGER NOT NULL REFERENCES zdm_phase_run,
         ordinal     INTEGER NOT NULL,
         target      TEXT    NOT NULL,
         step        TEXT    NOT NULL,
         kind        TEXT    NOT NULL,
         definition  TEXT    NOT NULL,
         state       TEXT    NOT NULL DEFAULT 'pending',
         attempts    INTEGER NOT NULL DEFAULT 0,
         started     TEXT,
         finished    TEXT,
         duration_ms INTEGER NOT NULL DEFAULT 0,
         rows        INTEGER NOT NULL DEFAULT 0,
         error       TEXT,
         PRIMARY KEY (run, ordinal)
       ))",
    R"(CREATE TABLE zdm_recorded_column (
         target      TEXT    NOT NULL,
         migration   TEXT    NOT NULL,
         change      INTEGER NOT NULL,
         role        TEXT    NOT NULL,
         table_key   TEXT    NOT NULL COLLATE NOCASE,
         schema_name TEXT    NOT NULL,
         table_name  TEXT    NOT NULL,
         attnum      INTEGER NOT NULL,
         column_name TEXT    NOT NULL,
         recorded    TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
         PRIMARY KEY (target, migration, change, role)
       ))",
    R"(CREATE TABLE zdm_table_before (
         target      TEXT NOT NULL,
         migration   TEXT NOT NULL,
         table_key   TEXT NOT NULL COLLATE NOCASE,
         schema_name TEXT NOT NULL,
         table_name  TEXT NOT NULL,
         definition  TEXT NOT NULL,
         recorded    TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
         PRIMARY KEY (target, migration, table_key)
       ))",
    R"(CREATE TABLE zdm_table_sync (
         target      TEXT    NOT NULL,
         table_key   TEXT    NOT NULL COLLATE NOCASE,
         schema_name TEXT    NOT NULL,
         table_name  TEXT    NOT NULL,
         generation  INTEGER NOT NULL,
         PRIMARY KEY (target, table_key)
       ))",
    R"(CREATE TABLE zdm_table_rule (
         target    TEXT    NOT NULL,
         table_key TEXT    NOT NULL COLLATE NOCASE,
         migration TEXT    NOT NULL,
         change    INTEGER NOT NULL,
         ordinal   INTEGER NOT NULL,
         rule      TEXT    NOT NULL,
         entered   TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
         PRIMARY KEY (target, table_key, migration, change, ordinal)
       ))",
    R"(CREATE TABLE zdm_backfill (
         run        INTEGER NOT NULL,
         ordinal    INTEGER NOT NULL,
         target     TEXT    NOT NULL,
         relation   TEXT    NOT NULL,
         generation INTEGER NOT NULL,
         method     TEXT    NOT NULL,
         rows_done  INTEGER NOT NULL DEFAULT 0,
         rows_total INTEGER NOT NULL DEFAULT 0,
         fraction   REAL    NOT NULL DEFAULT 0,
         rows_per_second REAL NOT NULL DEFAULT 0,
         throttled  TEXT,
         started    TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
         updated    TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
         PRIMARY KEY (run, ordinal),
         FOREIGN KEY (run, ordinal) REFERENCES zdm_step
       ))",
    R"(CREATE TABLE zdm_backfill_window (
         run      INTEGER NOT NULL,
         ordinal  INTEGER NOT NULL,
         number   INTEGER NOT NULL,
         target   TEXT    NOT NULL,
         leaf     TEXT    NOT NULL,
         leaf_oid INTEGER NOT NULL DEFAULT 0,
         filenode INTEGER NOT NULL DEFAULT 0,
         from_key TEXT,
         to_key   TEXT,
         stripes  INTEGER NOT NULL DEFAULT 1,
         stripe   INTEGER NOT NULL DEFAULT 0,
         cursor   TEXT,
         rows     INTEGER NOT NULL DEFAULT 0,
         state    TEXT    NOT NULL DEFAULT 'pending',
         holder   TEXT,
         fence    INTEGER,
         updated  TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
         PRIMARY KEY (run, ordinal, number),
         FOREIGN KEY (run, ordinal) REFERENCES zdm_backfill
       ))",
    R"(CREATE TABLE zdm_lease (
         target    TEXT    NOT NULL,
         scope     TEXT    NOT NULL,
         fence     INTEGER NOT NULL,
         holder    TEXT,  -- null: nobody
         host      TEXT,
         pid       INTEGER,
         taken     TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
         heartbeat TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
         PRIMARY KEY (target, scope)
       ))",
    // Named by the sync triggers: a row here means that zdm itself writes the table in this
    // transaction. Nobody else ever sees one: it is taken away before the transaction ends.
    R"(CREATE TABLE zdm_guard (
         table_name TEXT NOT NULL PRIMARY KEY
       ))",
};

const std::array kUpgrades = {Upgrade{1, kVersion1}};

}  // namespace

std::span<const Upgrade> sqlite_upgrades() {
  return kUpgrades;
}

}  // namespace zdm::migrations
