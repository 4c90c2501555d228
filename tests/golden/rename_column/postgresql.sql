== expand
-- expand.1 transaction
-- lock ACCESS EXCLUSIVE on users
ALTER TABLE users ADD COLUMN full_name /* the type of users.name */ text;
== backfill
-- backfill.1 transaction
-- lock SHARE ROW EXCLUSIVE on users
CREATE OR REPLACE FUNCTION zdm.sync_0_insert() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path TO public, pg_temp
AS $zdm$
DECLARE
  written_1 boolean := NEW.full_name IS DISTINCT FROM NULL;
  written_2 boolean := NEW.name IS DISTINCT FROM NULL;
BEGIN
  -- migration, change 1
  IF written_1 AND NOT written_2 THEN
    NEW.name := (NEW.full_name);
  END IF;
  IF (written_2 OR NEW.full_name IS NULL) AND NOT written_1 THEN
    NEW.full_name := (NEW.name);
  END IF;
  RETURN NEW;
END
$zdm$;
COMMENT ON FUNCTION zdm.sync_0_insert() IS 'zdm: holds old and new columns of users equal for migration';
CREATE OR REPLACE FUNCTION zdm.sync_0_update() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path TO public, pg_temp
AS $zdm$
DECLARE
  written_1 boolean := pg_catalog.record_image_ne(ROW(NEW.full_name), ROW(OLD.full_name));
  written_2 boolean := NEW.name IS DISTINCT FROM OLD.name;
BEGIN
  -- migration, change 1
  IF written_1 AND NOT written_2 THEN
    NEW.name := (NEW.full_name);
  END IF;
  IF (written_2 OR NEW.full_name IS NULL) AND NOT written_1 THEN
    NEW.full_name := (NEW.name);
  END IF;
  RETURN NEW;
END
$zdm$;
COMMENT ON FUNCTION zdm.sync_0_update() IS 'zdm: holds old and new columns of users equal for migration';
CREATE TRIGGER zzz_zdm_sync_insert
  BEFORE INSERT ON users
  FOR EACH ROW
  EXECUTE FUNCTION zdm.sync_0_insert();
CREATE TRIGGER zzz_zdm_sync_update
  BEFORE UPDATE ON users
  FOR EACH ROW
  WHEN ((pg_catalog.pg_trigger_depth() > 0
         OR pg_catalog.current_setting('zdm.backfill', true) IS DISTINCT FROM '0:1')
        AND (pg_catalog.record_image_ne(ROW(NEW.full_name), ROW(OLD.full_name))
          OR NEW.name IS DISTINCT FROM OLD.name
          OR NEW.full_name IS NULL))
  EXECUTE FUNCTION zdm.sync_0_update();
-- backfill.2 backfill, outside a transaction, scans
-- lock ROW EXCLUSIVE on users
-- backfill.3 verify, scans
-- lock ACCESS SHARE on users
== switch
== contract
-- contract.1 verify, scans
-- lock ACCESS SHARE on users
-- contract.2 transaction, destructive
-- lock ACCESS EXCLUSIVE on users
DROP TRIGGER IF EXISTS zzz_zdm_sync_insert ON users;
DROP TRIGGER IF EXISTS zzz_zdm_sync_update ON users;
DROP FUNCTION IF EXISTS zdm.sync_0_insert();
DROP FUNCTION IF EXISTS zdm.sync_0_update();
ALTER TABLE users DROP COLUMN name;
warning cached-plan: prepared SELECT * and RETURNING * on users fail once with SQLSTATE 0A000 (cached plan must not change result type) when a column comes or goes
