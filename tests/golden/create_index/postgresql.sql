== expand
-- expand.1 concurrent, outside a transaction, scans
-- lock SHARE UPDATE EXCLUSIVE on orders
CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders USING btree (user_id, created_at desc);
== backfill
== switch
== contract
