CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
CREATE TABLE legacy_sessions (
  id bigint PRIMARY KEY,
  user_id bigint NOT NULL REFERENCES users (id),
  payload jsonb NOT NULL DEFAULT '{}'
);
CREATE TABLE "Audit Log" (id bigint PRIMARY KEY, entry text);
INSERT INTO users SELECT i, 'user' || i || '@example.org' FROM generate_series(1, 20) i;
INSERT INTO legacy_sessions (id, user_id) SELECT i, i FROM generate_series(1, 20) i;
