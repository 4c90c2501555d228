== expand
-- expand.1 transaction
-- lock ACCESS SHARE on users
CREATE VIEW accounts AS SELECT * FROM users;
== backfill
== switch
-- switch.1 transaction
-- lock ACCESS EXCLUSIVE on accounts
-- lock ACCESS EXCLUSIVE on users
DROP VIEW accounts;
ALTER TABLE users RENAME TO accounts;
CREATE VIEW users AS SELECT * FROM accounts;
== contract
-- contract.1 transaction, destructive
-- lock ACCESS EXCLUSIVE on users
DROP VIEW users;
warning through-a-view: until contract one of users and accounts is a view: TRUNCATE, COPY FROM, ON CONFLICT ON CONSTRAINT, ctid, pg_get_serial_sequence, CREATE INDEX and REFERENCES fail there, and ALTER TABLE on the table does not reach it
