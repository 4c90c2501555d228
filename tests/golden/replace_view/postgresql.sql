== expand
-- expand.1 transaction
-- lock ACCESS SHARE on users
CREATE VIEW active_users_zdm_new AS
SELECT id, email, seen_at FROM users WHERE active;
== backfill
== switch
-- switch.1 transaction
-- lock ACCESS EXCLUSIVE on active_users
-- lock ACCESS EXCLUSIVE on active_users_zdm_new
SELECT pg_catalog.set_config('lock_timeout', least(setting::integer, 80)::text, true)
  FROM pg_catalog.pg_settings WHERE name = 'lock_timeout' AND setting <> '0';
ALTER VIEW active_users RENAME TO active_users_zdm_old;
ALTER VIEW active_users_zdm_new RENAME TO active_users;
== contract
-- contract.1 transaction, destructive
-- lock ACCESS EXCLUSIVE on active_users_zdm_old
DROP VIEW active_users_zdm_old;
