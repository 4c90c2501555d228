== expand
-- expand.1 transaction
-- lock ACCESS EXCLUSIVE on orders
ALTER TABLE orders ALTER COLUMN note DROP NOT NULL;
== backfill
== switch
== contract
