CREATE SCHEMA "Plug ins";
CREATE EXTENSION hstore SCHEMA "Plug ins";
CREATE TABLE products (id bigint PRIMARY KEY, attributes "Plug ins".hstore);
CREATE TABLE customers (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers (id));
INSERT INTO products VALUES (1, '"a"=>"1"');
