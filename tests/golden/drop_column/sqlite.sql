== expand
-- expand.1 transaction
== backfill
== switch
== contract
-- contract.1 transaction, destructive, rewrites
ALTER TABLE users DROP COLUMN nickname;
