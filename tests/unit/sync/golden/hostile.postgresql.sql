CREATE OR REPLACE FUNCTION zdm.sync_1_insert() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path TO app, public, pg_temp
AS $zdm1$
DECLARE
  written_1 boolean := NEW."né ""w""" IS DISTINCT FROM NULL;
  written_2 boolean := NEW."select" IS DISTINCT FROM NULL;
BEGIN
  -- 0001_' $zdm$, change 1
  IF written_1 AND NOT written_2 THEN
    NEW."select" := (NEW."né ""w""");
  END IF;
  IF (written_2 OR NEW."né ""w""" IS NULL) AND NOT written_1 THEN
    NEW."né ""w""" := (NEW."select" || '$zdm$;--'
);
  END IF;
  RETURN NEW;
END
$zdm1$;
COMMENT ON FUNCTION zdm.sync_1_insert() IS 'zdm: holds old and new columns of "My ""App"""."order; DROP TABLE x --''" equal for 0001_'' $zdm$';
CREATE OR REPLACE FUNCTION zdm.sync_1_update() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path TO app, public, pg_temp
AS $zdm1$
DECLARE
  written_1 boolean := NEW."né ""w""" IS DISTINCT FROM OLD."né ""w""";
  written_2 boolean := NEW."select" IS DISTINCT FROM OLD."select";
BEGIN
  -- 0001_' $zdm$, change 1
  IF written_1 AND NOT written_2 THEN
    NEW."select" := (NEW."né ""w""");
  END IF;
  IF (written_2 OR NEW."né ""w""" IS NULL) AND NOT written_1 THEN
    NEW."né ""w""" := (NEW."select" || '$zdm$;--'
);
  END IF;
  RETURN NEW;
END
$zdm1$;
COMMENT ON FUNCTION zdm.sync_1_update() IS 'zdm: holds old and new columns of "My ""App"""."order; DROP TABLE x --''" equal for 0001_'' $zdm$';
CREATE TRIGGER zzz_zdm_sync_insert
  BEFORE INSERT ON "My ""App"""."order; DROP TABLE x --'"
  FOR EACH ROW
  EXECUTE FUNCTION zdm.sync_1_insert();
CREATE TRIGGER zzz_zdm_sync_update
  BEFORE UPDATE ON "My ""App"""."order; DROP TABLE x --'"
  FOR EACH ROW
  WHEN ((pg_catalog.pg_trigger_depth() > 0
         OR pg_catalog.current_setting('zdm.backfill', true) IS DISTINCT FROM '1:7')
        AND (NEW."né ""w""" IS DISTINCT FROM OLD."né ""w"""
          OR NEW."select" IS DISTINCT FROM OLD."select"
          OR NEW."né ""w""" IS NULL))
  EXECUTE FUNCTION zdm.sync_1_update();
