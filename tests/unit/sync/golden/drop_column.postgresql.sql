CREATE OR REPLACE FUNCTION zdm.sync_4711_insert() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path TO app, public, pg_temp
AS $zdm$
DECLARE
  written_1 boolean := NEW.name IS DISTINCT FROM NULL;
BEGIN
  -- 0006_drop, change 1
  IF NOT written_1 THEN
    NEW.name := (coalesce(NEW.full_name, ''));
  END IF;
  RETURN NEW;
END
$zdm$;
COMMENT ON FUNCTION zdm.sync_4711_insert() IS 'zdm: holds old and new columns of app.users equal for 0006_drop';
CREATE OR REPLACE FUNCTION zdm.sync_4711_update() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path TO app, public, pg_temp
AS $zdm$
DECLARE
  written_1 boolean := NEW.full_name IS DISTINCT FROM OLD.full_name;
  written_2 boolean := NEW.name IS DISTINCT FROM OLD.name;
BEGIN
  -- 0006_drop, change 1
  IF written_1 AND NOT written_2 THEN
    NEW.name := (coalesce(NEW.full_name, ''));
  END IF;
  RETURN NEW;
END
$zdm$;
COMMENT ON FUNCTION zdm.sync_4711_update() IS 'zdm: holds old and new columns of app.users equal for 0006_drop';
CREATE TRIGGER zzz_zdm_sync_insert
  BEFORE INSERT ON app.users
  FOR EACH ROW
  EXECUTE FUNCTION zdm.sync_4711_insert();
CREATE TRIGGER zzz_zdm_sync_update
  BEFORE UPDATE ON app.users
  FOR EACH ROW
  WHEN ((pg_catalog.pg_trigger_depth() > 0
         OR pg_catalog.current_setting('zdm.backfill', true) IS DISTINCT FROM '4711:7')
        AND (NEW.full_name IS DISTINCT FROM OLD.full_name))
  EXECUTE FUNCTION zdm.sync_4711_update();
