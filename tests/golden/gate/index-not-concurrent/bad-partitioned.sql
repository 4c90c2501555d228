-- seen: lock, scan
-- also: events_2025
-- The parent is known to be partitioned, so CONCURRENTLY is no way out.
CREATE TABLE events_2024 (id bigint NOT NULL, at timestamptz NOT NULL);
ALTER TABLE events ATTACH PARTITION events_2024
  FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE INDEX events_at_index ON events (at);
