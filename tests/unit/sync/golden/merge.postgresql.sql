CREATE OR REPLACE FUNCTION zdm.sync_4711_insert() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path TO app, public, pg_temp
AS $zdm$
DECLARE
  written_1 boolean := NEW.name IS DISTINCT FROM NULL;
  written_2 boolean := NEW.first IS DISTINCT FROM NULL;
  written_3 boolean := NEW.last IS DISTINCT FROM NULL;
BEGIN
  -- 0004_merge, change 1
  IF written_1 AND NOT written_2 AND NOT written_3 THEN
    NEW.first := (substr(NEW.name, 1, 1));
    NEW.last := (substr(NEW.name, 2));
  END IF;
  IF (written_2 OR written_3 OR NEW.name IS NULL) AND NOT written_1 THEN
    NEW.name := (NEW.first || -- both
 NEW.last
);
  END IF;
  RETURN NEW;
END
$zdm$;
COMMENT ON FUNCTION zdm.sync_4711_insert() IS 'zdm: holds old and new columns of app.users equal for 0004_merge';
CREATE OR REPLACE FUNCTION zdm.sync_4711_update() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path TO app, public, pg_temp
AS $zdm$
DECLARE
  written_1 boolean := NEW.name IS DISTINCT FROM OLD.name;
  written_2 boolean := NEW.first IS DISTINCT FROM OLD.first;
  written_3 boolean := NEW.last IS DISTINCT FROM OLD.last;
BEGIN
  -- 0004_merge, change 1
  IF written_1 AND NOT written_2 AND NOT written_3 THEN
    NEW.first := (substr(NEW.name, 1, 1));
    NEW.last := (substr(NEW.name, 2));
  END IF;
  IF (written_2 OR written_3 OR NEW.name IS NULL) AND NOT written_1 THEN
    NEW.name := (NEW.first || -- both
 NEW.last
);
  END IF;
  RETURN NEW;
END
$zdm$;
COMMENT ON FUNCTION zdm.sync_4711_update() IS 'zdm: holds old and new columns of app.users equal for 0004_merge';
CREATE TRIGGER zzz_zdm_sync_insert
  BEFORE INSERT ON app.users
  FOR EACH ROW
  EXECUTE FUNCTION zdm.sync_4711_insert();
CREATE TRIGGER zzz_zdm_sync_update
  BEFORE UPDATE ON app.users
  FOR EACH ROW
  WHEN ((pg_catalog.pg_trigger_depth() > 0
         OR pg_catalog.current_setting('zdm.backfill', true) IS DISTINCT FROM '4711:7')
        AND (NEW.name IS DISTINCT FROM OLD.name
          OR NEW.first IS DISTINCT FROM OLD.first
          OR NEW.last IS DISTINCT FROM OLD.last
          OR NEW.name IS NULL))
  EXECUTE FUNCTION zdm.sync_4711_update();
