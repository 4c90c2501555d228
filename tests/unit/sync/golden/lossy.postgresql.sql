CREATE OR REPLACE FUNCTION zdm.sync_4711_insert() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path TO app, public, pg_temp
AS $zdm$
DECLARE
  written_1 boolean := NEW.cents IS DISTINCT FROM (0)::integer;
  written_2 boolean := pg_catalog.record_image_ne(ROW(NEW.price), ROW((0)::numeric(10,2)));
BEGIN
  -- 0002_cents, change 1
  IF written_1 AND NOT written_2 THEN
    BEGIN
      NEW.price := (NEW.cents / 100.0);
    EXCEPTION WHEN OTHERS THEN
      NEW.price := NULL;
    END;
  END IF;
  IF (written_2 OR NEW.cents IS NULL) AND NOT written_1 THEN
    BEGIN
      NEW.cents := (round(NEW.price * 100));
    EXCEPTION WHEN OTHERS THEN
      NEW.cents := NULL;
    END;
  END IF;
  RETURN NEW;
END
$zdm$;
COMMENT ON FUNCTION zdm.sync_4711_insert() IS 'zdm: holds old and new columns of app.users equal for 0002_cents';
CREATE OR REPLACE FUNCTION zdm.sync_4711_update() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path TO app, public, pg_temp
AS $zdm$
DECLARE
  written_1 boolean := NEW.cents IS DISTINCT FROM OLD.cents;
  written_2 boolean := pg_catalog.record_image_ne(ROW(NEW.price), ROW(OLD.price));
BEGIN
  -- 0002_cents, change 1
  IF written_1 AND NOT written_2 THEN
    BEGIN
      NEW.price := (NEW.cents / 100.0);
    EXCEPTION WHEN OTHERS THEN
      NEW.price := NULL;
    END;
  END IF;
  IF (written_2 OR NEW.cents IS NULL) AND NOT written_1 THEN
    BEGIN
      NEW.cents := (round(NEW.price * 100));
    EXCEPTION WHEN OTHERS THEN
      NEW.cents := NULL;
    END;
  END IF;
  RETURN NEW;
END
$zdm$;
COMMENT ON FUNCTION zdm.sync_4711_update() IS 'zdm: holds old and new columns of app.users equal for 0002_cents';
CREATE TRIGGER zzz_zdm_sync_insert
  BEFORE INSERT ON app.users
  FOR EACH ROW
  EXECUTE FUNCTION zdm.sync_4711_insert();
CREATE TRIGGER zzz_zdm_sync_update
  BEFORE UPDATE ON app.users
  FOR EACH ROW
  WHEN ((pg_catalog.pg_trigger_depth() > 0
         OR pg_catalog.current_setting('zdm.backfill', true) IS DISTINCT FROM '4711:7')
        AND (NEW.cents IS DISTINCT FROM OLD.cents
          OR pg_catalog.record_image_ne(ROW(NEW.price), ROW(OLD.price))
          OR NEW.cents IS NULL))
  EXECUTE FUNCTION zdm.sync_4711_update();
