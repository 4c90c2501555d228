-- seen: lock, scan
BEGIN;
ALTER TABLE users ADD COLUMN initials text;
CREATE TABLE snapshot AS SELECT * FROM users;
COMMIT;
