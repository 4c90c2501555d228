CREATE SEQUENCE "Invoice Numbers";
CREATE TYPE payment_kind AS ENUM ('card', 'cash');
CREATE FUNCTION order_total(id bigint) RETURNS numeric LANGUAGE sql AS 'SELECT 1.0';
