== expand
-- expand.1 transaction
-- lock ACCESS EXCLUSIVE on orders
ALTER TABLE orders ADD COLUMN amount_cents bigint;
== backfill
-- backfill.1 transaction
-- lock SHARE ROW EXCLUSIVE on orders
CREATE OR REPLACE FUNCTION zdm.sync_0_insert() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path TO public, pg_temp
AS $zdm$
DECLARE
  written_1 boolean := NEW.amount_cents IS DISTINCT FROM NULL;
  written_2 boolean := NEW.amount IS DISTINCT FROM NULL;
BEGIN
  -- migration, change 1
  IF written_1 AND NOT written_2 THEN
    NEW.amount := (NEW.amount_cents / 100.0);
  END IF;
  IF (written_2 OR NEW.amount_cents IS NULL) AND NOT written_1 THEN
    NEW.amount_cents := (CAST(round(NEW.amount * 100) AS bigint));
  END IF;
  RETURN NEW;
END
$zdm$;
COMMENT ON FUNCTION zdm.sync_0_insert() IS 'zdm: holds old and new columns of orders equal for migration';
CREATE OR REPLACE FUNCTION zdm.sync_0_update() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path TO public, pg_temp
AS $zdm$
DECLARE
  written_1 boolean := NEW.amount_cents IS DISTINCT FROM OLD.amount_cents;
  written_2 boolean := NEW.amount IS DISTINCT FROM OLD.amount;
BEGIN
  -- migration, change 1
  IF written_1 AND NOT written_2 THEN
    NEW.amount := (NEW.amount_cents / 100.0);
  END IF;
  IF (written_2 OR NEW.amount_cents IS NULL) AND NOT written_1 THEN
    NEW.amount_cents := (CAST(round(NEW.amount * 100) AS bigint));
  END IF;
  RETURN NEW;
END
$zdm$;
COMMENT ON FUNCTION zdm.sync_0_update() IS 'zdm: holds old and new columns of orders equal for migration';
CREATE TRIGGER zzz_zdm_sync_insert
  BEFORE INSERT ON orders
  FOR EACH ROW
  EXECUTE FUNCTION zdm.sync_0_insert();
CREATE TRIGGER zzz_zdm_sync_update
  BEFORE UPDATE ON orders
  FOR EACH ROW
  WHEN ((pg_catalog.pg_trigger_depth() > 0
         OR pg_catalog.current_setting('zdm.backfill', true) IS DISTINCT FROM '0:1')
        AND (NEW.amount_cents IS DISTINCT FROM OLD.amount_cents
          OR NEW.amount IS DISTINCT FROM OLD.amount
          OR NEW.amount_cents IS NULL))
  EXECUTE FUNCTION zdm.sync_0_update();
-- backfill.2 backfill, outside a transaction, scans
-- lock ROW EXCLUSIVE on orders
-- backfill.3 verify, scans
-- lock ACCESS SHARE on orders
== switch
== contract
-- contract.1 verify, scans
-- lock ACCESS SHARE on orders
-- contract.2 transaction, destructive
-- lock ACCESS EXCLUSIVE on orders
DROP TRIGGER IF EXISTS zzz_zdm_sync_insert ON orders;
DROP TRIGGER IF EXISTS zzz_zdm_sync_update ON orders;
DROP FUNCTION IF EXISTS zdm.sync_0_insert();
DROP FUNCTION IF EXISTS zdm.sync_0_update();
ALTER TABLE orders DROP COLUMN amount;
warning cached-plan: prepared SELECT * and RETURNING * on orders fail once with SQLSTATE 0A000 (cached plan must not change result type) when a column comes or goes
