-- seen: lock
CREATE TABLE IF NOT EXISTS events_rest PARTITION OF events DEFAULT;
