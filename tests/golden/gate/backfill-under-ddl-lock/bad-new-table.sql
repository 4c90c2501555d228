-- seen: lock
BEGIN;
CREATE TABLE members (id bigserial PRIMARY KEY, user_id bigint NOT NULL REFERENCES users (id));
INSERT INTO members (user_id) SELECT id FROM users;
COMMIT;
