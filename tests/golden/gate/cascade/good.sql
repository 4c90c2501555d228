-- What depends on it goes first, by name.
CREATE TABLE import_rows (id bigint PRIMARY KEY, attributes "Plug ins".hstore);
DROP TABLE import_rows RESTRICT;
DROP EXTENSION IF EXISTS citext;
