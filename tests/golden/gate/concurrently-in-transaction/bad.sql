-- seen: error 25001
BEGIN;
CREATE INDEX CONCURRENTLY users_email ON users (email);
COMMIT;
