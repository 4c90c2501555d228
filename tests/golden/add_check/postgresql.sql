== expand
== backfill
== switch
-- switch.1 transaction
-- lock ACCESS EXCLUSIVE on orders
ALTER TABLE orders ADD CONSTRAINT orders_amount_positive CHECK (amount > 0
) NOT VALID;
-- switch.2 transaction, scans
-- lock SHARE UPDATE EXCLUSIVE on orders
ALTER TABLE orders VALIDATE CONSTRAINT orders_amount_positive;
== contract
