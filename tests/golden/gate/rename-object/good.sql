CREATE FUNCTION total_of_order(id bigint) RETURNS numeric LANGUAGE sql AS 'SELECT order_total(id)';
CREATE SEQUENCE receipts;
ALTER SEQUENCE receipts RENAME TO receipt_numbers;
