== expand
-- expand.1 transaction
-- lock ACCESS EXCLUSIVE on orders
ALTER TABLE orders ALTER COLUMN state SET DEFAULT 'new';
== backfill
== switch
== contract
