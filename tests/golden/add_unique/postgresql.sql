== expand
== backfill
== switch
-- switch.1 concurrent, outside a transaction, scans
-- lock SHARE UPDATE EXCLUSIVE on users
CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON users USING btree (email);
-- switch.2 transaction
-- lock ACCESS EXCLUSIVE on users
-- lock ACCESS SHARE on users_email_key
ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE USING INDEX users_email_key;
== contract
