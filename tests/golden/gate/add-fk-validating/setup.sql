CREATE TABLE users (
  id bigint PRIMARY KEY,
  email text NOT NULL,
  phone text,
  age integer,
  "Org Id" bigint
);
CREATE TABLE organisations (id bigint PRIMARY KEY);
INSERT INTO organisations SELECT i FROM generate_series(1, 20) i;
INSERT INTO users SELECT i, 'user' || i || '@example.org', '+49' || i, i, i
  FROM generate_series(1, 20) i;

CREATE TABLE events (id bigint NOT NULL, at timestamptz NOT NULL, user_id bigint)
  PARTITION BY RANGE (at);
CREATE TABLE events_2025 PARTITION OF events
  FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_2026 PARTITION OF events
  FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
