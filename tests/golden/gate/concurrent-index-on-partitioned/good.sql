ALTER TABLE old_events ADD CONSTRAINT bounds
  CHECK (at >= '2020-01-01' AND at < '2026-01-01') NOT VALID;
ALTER TABLE old_events VALIDATE CONSTRAINT bounds;
CREATE TABLE "Event Log" (id bigint NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
CREATE INDEX event_log_at ON ONLY "Event Log" (at);
CREATE INDEX CONCURRENTLY old_events_at ON old_events (at);
ALTER TABLE "Event Log" ATTACH PARTITION old_events
  FOR VALUES FROM ('2020-01-01') TO ('2026-01-01');
