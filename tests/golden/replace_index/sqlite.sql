== expand
-- expand.1 transaction, scans
CREATE INDEX orders_user_id_created_at_idx ON orders (user_id, created_at desc);
== backfill
== switch
== contract
