== expand
== backfill
== switch
-- switch.1 transaction
DROP VIEW active_users;
CREATE VIEW active_users AS
SELECT id, email, seen_at FROM users WHERE active;
== contract
