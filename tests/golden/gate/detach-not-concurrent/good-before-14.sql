-- postgres: 12-13
-- CONCURRENTLY came with 14; before, there is nothing better to advise.
ALTER TABLE events DETACH PARTITION events_2025;
