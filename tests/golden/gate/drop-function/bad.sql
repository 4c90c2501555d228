-- seen: broken
DROP FUNCTION IF EXISTS order_total(bigint);
