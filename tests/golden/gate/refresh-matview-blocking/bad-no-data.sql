-- seen: lock, rewrite
REFRESH MATERIALIZED VIEW "Daily Totals" WITH NO DATA;
