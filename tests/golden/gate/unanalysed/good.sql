ALTER TABLE users ADD COLUMN locale text;
CREATE FUNCTION first_user() RETURNS bigint LANGUAGE sql AS $body$
  SELECT min(id) FROM users; -- a ; in quotes ends nothing
$body$;
