== expand
-- expand.1 transaction
ALTER TABLE orders ADD COLUMN state text DEFAULT 'new';
== backfill
== switch
== contract
warning no-column-list: from here on orders has a column more: INSERT INTO orders VALUES (…), and INSERT … SELECT * from it, fail where they list no columns, in triggers too
