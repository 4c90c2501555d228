CREATE TABLE orders (
  id bigint PRIMARY KEY,
  total numeric(10, 2) NOT NULL,
  coupon_code varchar(40),
  "legacyTotal" integer
);
CREATE INDEX orders_coupon_code_index ON orders (coupon_code);
CREATE TYPE address AS (street text, zip text, fax text);
INSERT INTO orders SELECT i, i, 'SPRING', i FROM generate_series(1, 20) i;
