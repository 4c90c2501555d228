-- zdm:transaction=on
-- seen: lock
ALTER TABLE users ALTER COLUMN phone SET DEFAULT '';
CREATE TABLE phones (user_id bigint, phone text);
INSERT INTO phones SELECT id, phone FROM users;
