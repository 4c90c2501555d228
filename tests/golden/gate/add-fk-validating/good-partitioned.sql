-- postgres: 12-17
-- seen: scan
-- also: events_2026
-- NOT VALID fails on a partitioned table (42809): there is nothing better to advise.
ALTER TABLE events DETACH PARTITION events_2025 CONCURRENTLY;
ALTER TABLE events ADD CONSTRAINT events_user FOREIGN KEY (user_id) REFERENCES users (id);
