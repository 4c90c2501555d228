== expand
-- expand.1 transaction
ALTER TABLE orders ADD COLUMN state text DEFAULT 'new';
== backfill
== switch
== contract
