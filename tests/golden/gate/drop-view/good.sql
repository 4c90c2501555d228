CREATE OR REPLACE VIEW order_totals AS SELECT id, total, total * 2 AS doubled FROM orders;
CREATE VIEW order_ids AS SELECT id FROM orders;
DROP VIEW order_ids;
