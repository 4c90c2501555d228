== expand
-- expand.1 transaction
CREATE VIEW public.active_users AS
SELECT id, email FROM users WHERE active;
== backfill
== switch
== contract
