CREATE FUNCTION order_total(order_id bigint) RETURNS numeric LANGUAGE sql AS 'SELECT 1.0';
CREATE PROCEDURE close_day() LANGUAGE sql AS 'SELECT 1';
