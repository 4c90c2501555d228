CREATE INDEX events_at_index ON ONLY events (at);
CREATE INDEX CONCURRENTLY events_2025_at_index ON events_2025 (at);
ALTER INDEX events_at_index ATTACH PARTITION events_2025_at_index;
