== expand
-- expand.1 transaction
-- lock SHARE UPDATE EXCLUSIVE on orders
COMMENT ON COLUMN orders.state IS 'new, paid or sent';
== backfill
== switch
== contract
