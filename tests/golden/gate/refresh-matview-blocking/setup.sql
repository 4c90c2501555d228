CREATE TABLE orders (id bigint PRIMARY KEY, total integer NOT NULL);
INSERT INTO orders SELECT i, i FROM generate_series(1, 20) i;
CREATE MATERIALIZED VIEW "Daily Totals" AS SELECT id, total FROM orders;
CREATE UNIQUE INDEX daily_totals_id ON "Daily Totals" (id);
