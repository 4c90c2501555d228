-- seen: lock, scan
-- also: events_2025, events_2026
-- Before 18 a partitioned table cannot have it NOT VALID (42809).
CREATE TABLE events_2027 PARTITION OF events
  FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');
ALTER TABLE events ADD CONSTRAINT events_user FOREIGN KEY (user_id) REFERENCES users (id);
