CREATE TYPE order_status AS ENUM ('pending', 'paid');
CREATE TABLE orders (id bigint PRIMARY KEY, status order_status NOT NULL);
INSERT INTO orders SELECT i, 'pending' FROM generate_series(1, 20) i;
