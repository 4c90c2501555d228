-- A column beside it; a trigger and batches fill it before anyone reads it.
ALTER TABLE measurements ADD COLUMN id_wide bigint;
CREATE TABLE readings (id integer PRIMARY KEY, code varchar(20));
ALTER TABLE readings ALTER COLUMN id TYPE bigint;
ALTER TABLE readings ALTER COLUMN code TYPE varchar(40);
