== expand
== backfill
-- backfill.1 transaction
-- lock SHARE ROW EXCLUSIVE on orders
CREATE OR REPLACE FUNCTION zdm.sync_0_insert() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path TO public, pg_temp
AS $zdm$
BEGIN
  -- migration, change 1
  IF NEW.state IS NULL THEN
    NEW.state := ('new');
  END IF;
  RETURN NEW;
END
$zdm$;
COMMENT ON FUNCTION zdm.sync_0_insert() IS 'zdm: holds old and new columns of orders equal for migration';
CREATE OR REPLACE FUNCTION zdm.sync_0_update() RETURNS trigger
  LANGUAGE plpgsql
  SET search_path TO public, pg_temp
AS $zdm$
BEGIN
  -- migration, change 1
  IF NEW.state IS NULL THEN
    NEW.state := ('new');
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
        AND (NEW.state IS NULL))
  EXECUTE FUNCTION zdm.sync_0_update();
-- backfill.2 backfill, outside a transaction, scans
-- lock ROW EXCLUSIVE on orders
-- backfill.3 verify, scans
-- lock ACCESS SHARE on orders
-- backfill.4 transaction
-- lock ACCESS EXCLUSIVE on orders
ALTER TABLE orders ADD CONSTRAINT orders_state_zdm_not_null CHECK (state IS NOT NULL) NOT VALID;
-- backfill.5 transaction, scans
-- lock SHARE UPDATE EXCLUSIVE on orders
ALTER TABLE orders VALIDATE CONSTRAINT orders_state_zdm_not_null;
== switch
-- switch.1 transaction
-- lock ACCESS EXCLUSIVE on orders
ALTER TABLE orders ALTER COLUMN state SET NOT NULL;
== contract
-- contract.1 transaction
-- lock ACCESS EXCLUSIVE on orders
DROP TRIGGER IF EXISTS zzz_zdm_sync_insert ON orders;
DROP TRIGGER IF EXISTS zzz_zdm_sync_update ON orders;
DROP FUNCTION IF EXISTS zdm.sync_0_insert();
DROP FUNCTION IF EXISTS zdm.sync_0_update();
ALTER TABLE orders DROP CONSTRAINT orders_state_zdm_not_null;
