CREATE SCHEMA import_2026;
CREATE TABLE import_2026.orders (id bigint);
DROP TABLE import_2026.orders;
DROP SCHEMA import_2026;
