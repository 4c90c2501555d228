-- seen: lock, broken
DROP MATERIALIZED VIEW daily_totals;
