CREATE TABLE events (id bigint NOT NULL, at timestamptz NOT NULL, kind text)
  PARTITION BY RANGE (at);
CREATE TABLE events_2025 PARTITION OF events
  FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO events SELECT i, '2025-06-01', 'click' FROM generate_series(1, 20) i;

CREATE TABLE "events 2026" (LIKE events);
INSERT INTO "events 2026" SELECT i, '2026-06-01', 'click' FROM generate_series(1, 20) i;
