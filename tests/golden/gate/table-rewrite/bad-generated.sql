-- seen: lock, rewrite, scan
ALTER TABLE users
  ADD COLUMN number bigserial,
  ADD COLUMN row_no bigint GENERATED ALWAYS AS IDENTITY,
  ADD COLUMN search tsvector GENERATED ALWAYS AS (to_tsvector('simple', email)) STORED;
