== expand
-- expand.1 transaction
== backfill
== switch
== contract
-- contract.1 transaction, destructive
-- lock ACCESS EXCLUSIVE on users
ALTER TABLE users DROP COLUMN nickname;
