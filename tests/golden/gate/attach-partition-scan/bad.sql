-- seen: lock, scan
ALTER TABLE events ATTACH PARTITION "events 2026"
  FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
