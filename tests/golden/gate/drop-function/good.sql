CREATE OR REPLACE FUNCTION order_total(order_id bigint) RETURNS numeric
  LANGUAGE sql AS 'SELECT 2.0';
CREATE FUNCTION fill_once() RETURNS integer LANGUAGE sql AS 'SELECT 1';
SELECT fill_once();
DROP FUNCTION fill_once();
