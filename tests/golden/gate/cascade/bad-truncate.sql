-- seen: lock, rewrite
-- also: orders
TRUNCATE TABLE customers RESTART IDENTITY CASCADE;
