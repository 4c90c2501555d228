== expand
-- expand.1 transaction
-- lock ACCESS SHARE on orders
CREATE MATERIALIZED VIEW public.revenue_by_day WITH (fillfactor = 90) AS
SELECT day, sum(amount) AS amount FROM orders GROUP BY day
WITH NO DATA;
CREATE UNIQUE INDEX revenue_by_day_key ON public.revenue_by_day USING btree (day);
CREATE INDEX revenue_by_day_amount_idx ON public.revenue_by_day USING btree (amount desc) WHERE amount > 0;
-- expand.2 transaction
-- lock ACCESS SHARE on orders
CREATE MATERIALIZED VIEW app.later AS
SELECT * FROM orders
WITH NO DATA;
-- expand.3 transaction, scans
-- lock ACCESS SHARE on orders
-- lock ACCESS EXCLUSIVE on public.revenue_by_day
-- lock ACCESS EXCLUSIVE on public.revenue_by_day_amount_idx
-- lock ACCESS EXCLUSIVE on public.revenue_by_day_key
REFRESH MATERIALIZED VIEW public.revenue_by_day;
ANALYZE public.revenue_by_day;
== backfill
== switch
== contract
warning not-refreshable: app.later has no unique index over plain columns and all its rows: every REFRESH keeps its readers waiting until it is done; with one among `indexes`, REFRESH … CONCURRENTLY lets them read on
