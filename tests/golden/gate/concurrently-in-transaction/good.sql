CREATE INDEX CONCURRENTLY users_email ON users (email);
BEGIN;
SET LOCAL lock_timeout = '2s';
ALTER TABLE users ADD COLUMN nickname text;
COMMIT;
DROP INDEX CONCURRENTLY users_phone;
