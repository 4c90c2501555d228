== expand
== backfill
== switch
== contract
-- contract.1 transaction, destructive
DROP TABLE sessions_old;
