== expand
-- expand.1 transaction
-- lock ACCESS SHARE on users
CREATE VIEW public.active_users AS
SELECT id, email FROM users WHERE active;
== backfill
== switch
== contract
