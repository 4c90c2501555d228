-- seen: lock
BEGIN;
ALTER TABLE users ADD COLUMN initials text;
UPDATE users SET initials = left(email, 1) WHERE id BETWEEN 1 AND 100000;
COMMIT;
