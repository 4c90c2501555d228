-- postgres: 14-18, by its syntax
-- zdm:transaction=on
-- seen: error 25001
ALTER TABLE events DETACH PARTITION events_2025 CONCURRENTLY;
