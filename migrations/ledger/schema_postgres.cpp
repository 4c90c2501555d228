#include <array>

#include "ledger/schema.hpp"

namespace zdm::migrations {
namespace {

// Every statement runs alone: the extended protocol takes one at a time. Conventions: `target` is
// in every key; `relation` is schema.name, quoted as SQL needs, as it was when the row was written.
const std::vector<std::string_view> kVersion1 = {
    R"(CREATE SCHEMA IF NOT EXISTS zdm)",
    R"(COMMENT ON SCHEMA zdm
         IS 'The record of zdm: what was done to this database, when and by whom')",

    R"(CREATE TABLE zdm.meta (
         version     integer     NOT NULL,
         zdm_version text        NOT NULL,
         created     timestamptz NOT NULL DEFAULT clock_timestamp(),
         upgraded    timestamptz NOT NULL DEFAULT clock_timestamp()
       ))",
    R"(COMMENT ON TABLE zdm.meta
         IS 'One row: the version of these tables, and the zdm that made it so')",

    R"(CREATE TABLE zdm.release (
         target   text        NOT NULL,
         release  text        NOT NULL,
         sequence bigint      NOT NULL,
         live     boolean     NOT NULL DEFAULT false,
         applied  timestamptz NOT NULL DEFAULT clock_timestamp(),
         went_live timestamptz,
         PRIMARY KEY (target, release)
       ))",
    R"(COMMENT ON TABLE zdm.release IS 'Releases applied here, in the order of their first apply')",
    R"(COMMENT ON COLUMN zdm.release.live IS 'It serves, and everything older has drained')",

    R"(CREATE TABLE zdm.fresh_build (
         target  text        NOT NULL PRIMARY KEY,
         release text,
         built   timestamptz NOT NULL DEFAULT clock_timestamp()
       ))",
    R"(COMMENT ON TABLE zdm.fresh_build
         IS 'Built from empty in one run: no release ever ran against a shape between')",

    R"(CREATE TABLE zdm.migration (
         target               text        NOT NULL,
         migration            text        NOT NULL,
         checksum             text        NOT NULL,
         expressions_checksum text        NOT NULL,
         held                 text,
         first_applied        timestamptz NOT NULL DEFAULT clock_timestamp(),
         PRIMARY KEY (target, migration)
       ))",
    R"(COMMENT ON TABLE zdm.migration IS 'Migrations of which at least one phase was begun')",
    R"(COMMENT ON COLUMN zdm.migration.held IS 'Why apply passes it by, until zdm apply --resume')",
    R"(COMMENT ON COLUMN zdm.migration.expressions_checksum IS 'Of up, down and on_error')",

    R"(CREATE TABLE zdm.phase_run (
         run         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
         target      text        NOT NULL,
         migration   text        NOT NULL,
         phase       text        NOT NULL,
         direction   text        NOT NULL,
         state       text        NOT NULL,
         release     text,
         actor       text        NOT NULL,
         host        text        NOT NULL,
         zdm_version text        NOT NULL,
         started     timestamptz NOT NULL DEFAULT clock_timestamp(),
         finished    timestamptz,
         error       text,
         FOREIGN KEY (target, migration) REFERENCES zdm.migration
       ))",
    R"(COMMENT ON TABLE zdm.phase_run
         IS 'History: each time a phase was planned and run, or undone')",
    R"(COMMENT ON COLUMN zdm.phase_run.direction IS 'forward or undo')",
    R"(COMMENT ON COLUMN zdm.phase_run.state IS 'running, done, failed, paused or undone')",

    R"(CREATE TABLE zdm.phase (
         target    text   NOT NULL,
         migration text   NOT NULL,
         phase     text   NOT NULL,
         state     text   NOT NULL,
         direction text   NOT NULL,
         release   text,
         error     text,
         finished  timestamptz,
         run       bigint NOT NULL REFERENCES zdm.phase_run,
         PRIMARY KEY (target, migration, phase)
       ))",
    R"(COMMENT ON TABLE zdm.phase IS 'How each phase of each migration stands now')",
    R"(COMMENT ON COLUMN zdm.phase.run IS 'Its latest run in zdm.phase_run')",
    R"(COMMENT ON COLUMN zdm.phase.release IS 'The release that applied it')",

    R"(CREATE TABLE zdm.step (
         run         bigint  NOT NULL REFERENCES zdm.phase_run,
         ordinal     integer NOT NULL,
         target      text    NOT NULL,
         step        text    NOT NULL,
         kind        text    NOT NULL,
         definition  jsonb   NOT NULL,
         state       text    NOT NULL DEFAULT 'pending',
         attempts    integer NOT NULL DEFAULT 0,
         started     timestamptz,
         finished    timestamptz,
         duration_ms bigint  NOT NULL DEFAULT 0,
         rows        bigint  NOT NULL DEFAULT 0,
         error       text,
         PRIMARY KEY (run, ordinal)
       ))",
    R"(COMMENT ON TABLE zdm.step
         IS 'The steps of a phase run, stored before the first of them runs')",
    R"(COMMENT ON COLUMN zdm.step.definition
         IS 'The whole step: its SQL, locks, guards, records, effects')",
    R"(COMMENT ON COLUMN zdm.step.state IS 'pending, running, done or failed')",

    R"(CREATE TABLE zdm.recorded_column (
         target     text    NOT NULL,
         migration  text    NOT NULL,
         change     integer NOT NULL,
         role       text    NOT NULL,
         table_key  oid     NOT NULL,
         schema_name text   NOT NULL,
         table_name text    NOT NULL,
         attnum     integer NOT NULL,
         column_name text   NOT NULL,
         recorded   timestamptz NOT NULL DEFAULT clock_timestamp(),
         PRIMARY KEY (target, migration, change, role)
       ))",
    R"(COMMENT ON TABLE zdm.recorded_column
         IS 'Columns in flight, followed by table oid and attnum, not by name')",

    R"(CREATE TABLE zdm.table_before (
         target      text  NOT NULL,
         migration   text  NOT NULL,
         table_key   oid   NOT NULL,
         schema_name text  NOT NULL,
         table_name  text  NOT NULL,
         definition  jsonb NOT NULL,
         recorded    timestamptz NOT NULL DEFAULT clock_timestamp(),
         PRIMARY KEY (target, migration, table_key)
       ))",
    R"(COMMENT ON TABLE zdm.table_before
         IS 'Tables as they were just before a migration''s expand')",

    R"(CREATE TABLE zdm.table_sync (
         target      text   NOT NULL,
         table_key   oid    NOT NULL,
         schema_name text   NOT NULL,
         table_name  text   NOT NULL,
         generation  bigint NOT NULL,
         PRIMARY KEY (target, table_key)
       ))",
    R"(COMMENT ON TABLE zdm.table_sync IS 'Tables that have or had a dual-write trigger pair')",
    R"(COMMENT ON COLUMN zdm.table_sync.generation IS 'Counts the changes of its rules')",

    R"(CREATE TABLE zdm.table_rule (
         target    text    NOT NULL,
         table_key oid     NOT NULL,
         migration text    NOT NULL,
         change    integer NOT NULL,
         ordinal   integer NOT NULL,
         rule      jsonb   NOT NULL,
         entered   timestamptz NOT NULL DEFAULT clock_timestamp(),
         PRIMARY KEY (target, table_key, migration, change, ordinal)
       ))",
    R"(COMMENT ON TABLE zdm.table_rule
         IS 'The rules a table''s trigger pair is made of, of every migration in flight')",

    R"(CREATE TABLE zdm.backfill (
         run        bigint  NOT NULL,
         ordinal    integer NOT NULL,
         target     text    NOT NULL,
         relation   text    NOT NULL,
         generation bigint  NOT NULL,
         method     text    NOT NULL,
         rows_done  bigint  NOT NULL DEFAULT 0,
         rows_total bigint  NOT NULL DEFAULT 0,
         fraction   double precision NOT NULL DEFAULT 0,
         rows_per_second double precision NOT NULL DEFAULT 0,
         throttled  text,
         started    timestamptz NOT NULL DEFAULT clock_timestamp(),
         updated    timestamptz NOT NULL DEFAULT clock_timestamp(),
         PRIMARY KEY (run, ordinal),
         FOREIGN KEY (run, ordinal) REFERENCES zdm.step
       ))",
    R"(COMMENT ON TABLE zdm.backfill
         IS 'How far each backfill step is; its windows are in zdm.backfill_window')",
    R"(COMMENT ON COLUMN zdm.backfill.rows_total IS 'An estimate')",
    R"(COMMENT ON COLUMN zdm.backfill.throttled IS 'Why it goes slower than it could, or null')",

    R"(CREATE TABLE zdm.backfill_window (
         run      bigint  NOT NULL,
         ordinal  integer NOT NULL,
         number   integer NOT NULL,
         target   text    NOT NULL,
         leaf     text    NOT NULL,
         leaf_oid oid     NOT NULL,
         filenode oid     NOT NULL,
         from_key text,
         to_key   text,
         stripes  integer NOT NULL DEFAULT 1,
         stripe   integer NOT NULL DEFAULT 0,
         cursor   text,
         rows     bigint  NOT NULL DEFAULT 0,
         state    text    NOT NULL DEFAULT 'pending',
         holder   text,
         fence    bigint,
         updated  timestamptz NOT NULL DEFAULT clock_timestamp(),
         PRIMARY KEY (run, ordinal, number),
         FOREIGN KEY (run, ordinal) REFERENCES zdm.backfill
       ))",
    R"(COMMENT ON TABLE zdm.backfill_window
         IS 'Parts of a table that a backfill walks: block ranges or key ranges')",
    R"(COMMENT ON COLUMN zdm.backfill_window.leaf IS 'The partition, or the table itself')",
    R"(COMMENT ON COLUMN zdm.backfill_window.filenode
         IS 'pg_relation_filenode when it was cut; another one means the rows moved')",
    R"(COMMENT ON COLUMN zdm.backfill_window.from_key
         IS 'First block, or the key after which it begins (JSON); null: the start')",
    R"(COMMENT ON COLUMN zdm.backfill_window.to_key
         IS 'Block after the last, or the last key; null: the end')",
    R"(COMMENT ON COLUMN zdm.backfill_window.stripe IS 'The visit it is on, from 0')",
    R"(COMMENT ON COLUMN zdm.backfill_window.cursor IS 'All before it is done in this visit')",
    R"(COMMENT ON COLUMN zdm.backfill_window.state IS 'pending, running or done')",

    R"(CREATE TABLE zdm.partition_run (
         run         bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
         target      text    NOT NULL,
         set_name    text    NOT NULL,
         state       text    NOT NULL,
         created     text[]  NOT NULL DEFAULT '{}',
         attached    text[]  NOT NULL DEFAULT '{}',
         detached    text[]  NOT NULL DEFAULT '{}',
         dropped     text[]  NOT NULL DEFAULT '{}',
         archived    text[]  NOT NULL DEFAULT '{}',
         kept        integer,
         next_upper_bound text,
         error       text,
         actor       text    NOT NULL,
         host        text    NOT NULL,
         zdm_version text    NOT NULL,
         started     timestamptz NOT NULL DEFAULT clock_timestamp(),
         finished    timestamptz
       ))",
    R"(CREATE INDEX ON zdm.partition_run (target, set_name, run))",
    R"(COMMENT ON TABLE zdm.partition_run IS 'What each run of partition rotate did to each set')",
    R"(COMMENT ON COLUMN zdm.partition_run.state
         IS 'running, done, refused, paused, failed, or interrupted')",
    R"(COMMENT ON COLUMN zdm.partition_run.next_upper_bound
         IS 'Up to where there was a partition without a break from then on')",

    R"(CREATE TABLE zdm.partition_mark (
         target      text NOT NULL,
         table_oid   oid  NOT NULL,
         parent_oid  oid  NOT NULL,
         schema_name text NOT NULL,
         table_name  text NOT NULL,
         lower       text NOT NULL,
         upper       text NOT NULL,
         marked      timestamptz NOT NULL DEFAULT clock_timestamp(),
         PRIMARY KEY (target, table_oid)
       ))",
    R"(COMMENT ON TABLE zdm.partition_mark
         IS 'Partitions that rotate is taking out of their set, so that a later run knows them')",

    // The fence is in a unique key so that taking the lease locks the row FOR UPDATE and waits for
    // transactions that checked it FOR KEY SHARE, while a heartbeat (FOR NO KEY UPDATE) does not
    // (PostgreSQL manual, 13.3.2, table 13.3).
    R"(CREATE TABLE zdm.lease (
         target        text        NOT NULL,
         scope         text        NOT NULL,
         fence         bigint      NOT NULL,
         holder        text,
         host          text,
         pid           bigint,
         pooled        boolean     NOT NULL DEFAULT false,
         work_pid      integer,
         work_start    timestamptz,
         control_pid   integer,
         control_start timestamptz,
         taken         timestamptz NOT NULL DEFAULT clock_timestamp(),
         heartbeat     timestamptz NOT NULL DEFAULT clock_timestamp(),
         PRIMARY KEY (target, scope),
         UNIQUE (target, scope, fence)
       ))",
    R"(COMMENT ON TABLE zdm.lease IS 'Who may change a target now; holder null: nobody')",
    R"(COMMENT ON COLUMN zdm.lease.scope
         IS 'migrations, partitions, or matviews: and a view; one holder for each')",
    R"(COMMENT ON COLUMN zdm.lease.fence
         IS 'Grows with every taking; whoever shows an older one writes nothing')",
    R"(COMMENT ON COLUMN zdm.lease.pid IS 'Of zdm on its host')",
    R"(COMMENT ON COLUMN zdm.lease.work_pid
         IS 'Backend of its work connection, work_start its backend_start')",
    R"(COMMENT ON COLUMN zdm.lease.control_pid IS 'Backend of its control connection')",

    R"(CREATE TABLE zdm.matview_run (
         run         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
         target      text        NOT NULL,
         view        text        NOT NULL,
         method      text        NOT NULL,
         reason      text,
         state       text        NOT NULL DEFAULT 'running',
         rows        bigint,
         inserted    bigint,
         deleted     bigint,
         null_keys   bigint,
         changed     double precision,
         actor       text        NOT NULL,
         host        text        NOT NULL,
         zdm_version text        NOT NULL,
         waited_for  text,
         started     timestamptz NOT NULL DEFAULT clock_timestamp(),
         finished    timestamptz,
         duration_ms bigint,
         error       text
       ))",
    R"(CREATE INDEX matview_run_by_view ON zdm.matview_run (target, view, run))",
    R"(COMMENT ON TABLE zdm.matview_run
         IS 'History: each time a materialized view was refreshed, the last 1000 of each')",
    R"(COMMENT ON COLUMN zdm.matview_run.method IS 'first, concurrently, swap or blocking')",
    R"(COMMENT ON COLUMN zdm.matview_run.reason IS 'Why this method')",
    R"(COMMENT ON COLUMN zdm.matview_run.state IS 'running, done or failed')",
    R"(COMMENT ON COLUMN zdm.matview_run.rows IS 'After it')",
    R"(COMMENT ON COLUMN zdm.matview_run.inserted
         IS 'Rows written; a row that changed is deleted and inserted')",
    R"(COMMENT ON COLUMN zdm.matview_run.null_keys
         IS 'Rows with NULL in the key of the unique index: written anew by every refresh')",
    R"(COMMENT ON COLUMN zdm.matview_run.changed
         IS 'Share of the rows that were not as before; after a swap from a sample')",
    R"(COMMENT ON COLUMN zdm.matview_run.started IS 'The rows are as of then, or later')",

    R"(CREATE TABLE zdm.matview_build (
         target      text   NOT NULL,
         view        text   NOT NULL,
         built       oid    NOT NULL,
         schema_name text   NOT NULL,
         built_name  text   NOT NULL,
         run         bigint NOT NULL,
         PRIMARY KEY (target, built)
       ))",
    R"(COMMENT ON TABLE zdm.matview_build
         IS 'Materialized views built beside others now; what a killed zdm left is dropped by it')",
};

const std::array kUpgrades = {Upgrade{1, kVersion1}};

}  // namespace

std::span<const Upgrade> postgres_upgrades() {
  return kUpgrades;
}

}  // namespace zdm::migrations
