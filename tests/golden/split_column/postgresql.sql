== expand
-- expand.1 transaction
-- lock ACCESS EXCLUSIVE on users
ALTER TABLE users ADD COLUMN first_name text;
ALTER TABLE users ADD COLUMN last_name text;
== backfill
-- backfill.1 transaction
-- lock SHARE ROW EXCLUSIVE on users
CREATE OR REPLACE FUNCTION zdm.sync_0_insert() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path TO public, pg_temp
AS $zdm$
DECLARE
  written_1 boolean := NEW.first_name IS DISTINCT FROM NULL;
  written_2 boolean := NEW.last_name IS DISTINCT FROM NULL;
  written_3 boolean := NEW.name IS DISTINCT FROM NULL;
BEGIN
  -- migration, change 1
  IF (written_1 OR written_2) AND NOT written_3 THEN
    NEW.name := (NEW.first_name || ' ' || NEW.last_name);
  END IF;
  IF written_3 AND NOT written_1 AND NOT written_2 THEN
    NEW.first_name := (split_part(NEW.name, ' ', 1));
    NEW.last_name := (split_part(NEW.name, ' ', 2));
  END IF;
  IF NEW.first_name IS NULL AND NOT written_1 THEN
    NEW.first_name := (split_part(NEW.name, ' ', 1));
  END IF;
  IF NEW.last_name IS NULL AND NOT written_2 THEN
    NEW.last_name := (split_part(NEW.name, ' ', 2));
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
  written_1 boolean := NEW.first_name IS DISTINCT FROM OLD.first_name;
  written_2 boolean := NEW.last_name IS DISTINCT FROM OLD.last_name;
  written_3 boolean := NEW.name IS DISTINCT FROM OLD.name;
BEGIN
  -- migration, change 1
  IF NEW.first_name IS NULL AND NOT written_1 THEN
    NEW.first_name := (split_part(NEW.name, ' ', 1));
  END IF;
  IF NEW.last_name IS NULL AND NOT written_2 THEN
    NEW.last_name := (split_part(NEW.name, ' ', 2));
  END IF;
  IF (written_1 OR written_2) AND NOT written_3 THEN
    NEW.name := (NEW.first_name || ' ' || NEW.last_name);
  END IF;
  IF written_3 AND NOT written_1 AND NOT written_2 THEN
    NEW.first_name := (split_part(NEW.name, ' ', 1));
    NEW.last_name := (split_part(NEW.name, ' ', 2));
  END IF;
  IF NEW.first_name IS NULL AND NOT written_1 THEN
    NEW.first_name := (split_part(NEW.name, ' ', 1));
  END IF;
  IF NEW.last_name IS NULL AND NOT written_2 THEN
    NEW.last_name := (split_part(NEW.name, ' ', 2));
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
        AND (NEW.first_name IS DISTINCT FROM OLD.first_name
          OR NEW.last_name IS DISTINCT FROM OLD.last_name
          OR NEW.name IS DISTINCT FROM OLD.name
          OR NEW.first_name IS NULL
          OR NEW.last_name IS NULL))
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
