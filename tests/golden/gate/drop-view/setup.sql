CREATE TABLE orders (id bigint PRIMARY KEY, total integer NOT NULL);
INSERT INTO orders SELECT i, i FROM generate_series(1, 20) i;
CREATE VIEW order_totals AS SELECT id, total FROM orders;
CREATE MATERIALIZED VIEW daily_totals AS SELECT sum(total) FROM orders;
