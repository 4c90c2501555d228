== expand
-- expand.1 transaction
-- lock ACCESS EXCLUSIVE on orders
ALTER TABLE orders ADD COLUMN state text DEFAULT 'new';
== backfill
-- backfill.1 transaction
-- backfill.2 transaction
-- lock ACCESS EXCLUSIVE on orders
ALTER TABLE orders ADD CONSTRAINT orders_state_zdm_not_null CHECK (state IS NOT NULL) NOT VALID;
-- backfill.3 transaction, scans
-- lock SHARE UPDATE EXCLUSIVE on orders
ALTER TABLE orders VALIDATE CONSTRAINT orders_state_zdm_not_null;
== switch
-- switch.1 transaction
-- lock ACCESS EXCLUSIVE on orders
ALTER TABLE orders ALTER COLUMN state SET NOT NULL;
== contract
-- contract.1 transaction
-- lock ACCESS EXCLUSIVE on orders
ALTER TABLE orders DROP CONSTRAINT orders_state_zdm_not_null;
