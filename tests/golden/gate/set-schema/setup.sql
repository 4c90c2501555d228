CREATE SCHEMA archive;
CREATE TABLE payments (id bigint PRIMARY KEY, amount integer);
CREATE FUNCTION fee(amount integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT amount / 50';
INSERT INTO payments SELECT i, i FROM generate_series(1, 20) i;
