== expand
== backfill
== switch
== contract
-- contract.1 transaction, destructive
-- lock ACCESS EXCLUSIVE on sessions_old
DROP TABLE sessions_old;
