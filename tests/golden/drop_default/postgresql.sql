== expand
== backfill
== switch
== contract
-- contract.1 transaction, destructive
-- lock ACCESS EXCLUSIVE on orders
ALTER TABLE orders ALTER COLUMN state DROP DEFAULT;
