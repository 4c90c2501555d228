SET lock_timeout = '2s';
BEGIN;
ALTER TABLE users ADD COLUMN locale text;
COMMIT;
START TRANSACTION;
SELECT count(*) FROM users;
ROLLBACK;
