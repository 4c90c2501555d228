-- Nobody sees the moment in between. As Flyway's repeatable migrations do it.
BEGIN;
DROP VIEW IF EXISTS order_totals;
CREATE VIEW order_totals AS SELECT id, total, total * 2 AS doubled FROM orders;
COMMIT;
