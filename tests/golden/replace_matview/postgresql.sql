== expand
-- expand.1 transaction
-- lock ACCESS SHARE on orders
CREATE MATERIALIZED VIEW revenue_by_day_zdm_new AS
SELECT day, sum(amount) AS amount, count(*) AS orders FROM orders GROUP BY day
WITH NO DATA;
CREATE UNIQUE INDEX revenue_by_day_key ON revenue_by_day_zdm_new USING btree (day);
-- expand.2 transaction, scans
-- lock ACCESS SHARE on orders
-- lock ACCESS EXCLUSIVE on revenue_by_day_key
-- lock ACCESS EXCLUSIVE on revenue_by_day_zdm_new
REFRESH MATERIALIZED VIEW revenue_by_day_zdm_new;
ANALYZE revenue_by_day_zdm_new;
== backfill
== switch
-- switch.1 transaction, scans
-- lock ACCESS SHARE on orders
-- lock ACCESS EXCLUSIVE on revenue_by_day_key
-- lock ACCESS EXCLUSIVE on revenue_by_day_zdm_new
REFRESH MATERIALIZED VIEW revenue_by_day_zdm_new;
ANALYZE revenue_by_day_zdm_new;
-- switch.2 transaction
-- lock ACCESS EXCLUSIVE on revenue_by_day
-- lock ACCESS EXCLUSIVE on revenue_by_day_zdm_new
SELECT pg_catalog.set_config('lock_timeout', least(setting::integer, 80)::text, true)
  FROM pg_catalog.pg_settings WHERE name = 'lock_timeout' AND setting <> '0';
ALTER MATERIALIZED VIEW revenue_by_day RENAME TO revenue_by_day_zdm_old;
ALTER MATERIALIZED VIEW revenue_by_day_zdm_new RENAME TO revenue_by_day;
== contract
-- contract.1 transaction, destructive
-- lock ACCESS EXCLUSIVE on revenue_by_day_zdm_old
DROP MATERIALIZED VIEW revenue_by_day_zdm_old;
