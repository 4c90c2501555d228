-- seen: lock, scan
ALTER TABLE users ALTER COLUMN "Org Id" SET NOT NULL;
