BEGIN;
ALTER TABLE users ADD COLUMN initials text;
COMMIT;
UPDATE users SET initials = left(email, 1) WHERE id BETWEEN 1 AND 1000;
