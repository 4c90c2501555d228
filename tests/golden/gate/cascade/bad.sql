-- seen: lock, broken
-- also: products
DROP EXTENSION hstore CASCADE;
