-- seen: lock, scan
-- The rows stay as they are, but what is worked out from the column is worked out again.
ALTER TABLE measurements ADD COLUMN code varchar(20);
CREATE INDEX CONCURRENTLY measurements_code ON measurements (lower(code));
ALTER TABLE measurements ADD CONSTRAINT code_long CHECK (length(code) > 1) NOT VALID;
ALTER TABLE measurements VALIDATE CONSTRAINT code_long;
ALTER TABLE measurements ALTER COLUMN code TYPE varchar(40);
