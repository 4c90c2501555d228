-- seen: lock, broken
ALTER TABLE comments ALTER COLUMN id DROP IDENTITY;
