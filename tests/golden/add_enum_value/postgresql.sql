== expand
-- expand.1 transaction
ALTER TYPE order_state ADD VALUE 'returned' AFTER 'sent';
== backfill
== switch
== contract
