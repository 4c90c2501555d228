-- seen: lock, broken
ALTER TABLE comments ALTER COLUMN id SET GENERATED ALWAYS;
