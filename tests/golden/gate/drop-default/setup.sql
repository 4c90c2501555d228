CREATE TABLE tickets (id bigint PRIMARY KEY, status text NOT NULL DEFAULT 'open', title text);
INSERT INTO tickets (id) SELECT i FROM generate_series(1, 20) i;
