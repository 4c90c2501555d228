-- postgres: 14-18
-- seen: lock
ALTER TABLE events DETACH PARTITION events_2025;
