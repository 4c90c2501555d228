CREATE TYPE import_row AS (id bigint, name text);
DROP TYPE import_row;
