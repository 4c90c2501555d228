-- seen: lock, broken
ALTER TABLE tickets ALTER COLUMN status DROP DEFAULT;
