-- seen: lock, broken
-- Replacing a view by DROP and CREATE leaves a gap for every client outside this transaction.
DROP VIEW IF EXISTS order_totals;
