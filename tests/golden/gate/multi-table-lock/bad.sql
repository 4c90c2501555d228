-- seen: lock
BEGIN;
ALTER TABLE users ADD COLUMN locale text;
ALTER TABLE "accounts" ADD COLUMN locale text;
COMMIT;
