-- seen: lock, rewrite, scan
ALTER TABLE measurements
  ALTER COLUMN id TYPE bigint,
  ALTER COLUMN value SET DATA TYPE numeric(8, 4) USING round(value, 4);
