CREATE OR REPLACE FUNCTION zdm.sync_4711_insert() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path TO app, public, pg_temp
AS $zdm$
BEGIN
  -- 0007_repair, change 3
  IF NEW.country IS NULL THEN
    NEW.country := ('unknown');
  END IF;
  RETURN NEW;
END
$zdm$;
COMMENT ON FUNCTION zdm.sync_4711_insert() IS 'zdm: holds old and new columns of app.users equal for 0007_repair';
CREATE OR REPLACE FUNCTION zdm.sync_4711_update() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path TO app, public, pg_temp
AS $zdm$
BEGIN
  -- 0007_repair, change 3
  IF NEW.country IS NULL THEN
    NEW.country := ('unknown');
  END IF;
  RETURN NEW;
END
$zdm$;
COMMENT ON FUNCTION zdm.sync_4711_update() IS 'zdm: holds old and new columns of app.users equal for 0007_repair';
CREATE TRIGGER zzz_zdm_sync_insert
  BEFORE INSERT ON app.users
  FOR EACH ROW
  EXECUTE FUNCTION zdm.sync_4711_insert();
CREATE TRIGGER zzz_zdm_sync_update
  BEFORE UPDATE ON app.users
  FOR EACH ROW
  WHEN ((pg_catalog.pg_trigger_depth() > 0
         OR pg_catalog.current_setting('zdm.backfill', true) IS DISTINCT FROM '4711:7')
        AND (NEW.country IS NULL))
  EXECUTE FUNCTION zdm.sync_4711_update();
