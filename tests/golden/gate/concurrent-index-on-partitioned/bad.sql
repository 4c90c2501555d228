-- seen: error 0A000
CREATE TABLE "Event Log" (id bigint NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
ALTER TABLE "Event Log" ATTACH PARTITION old_events
  FOR VALUES FROM ('2020-01-01') TO ('2026-01-01');
CREATE INDEX CONCURRENTLY event_log_at ON "Event Log" (at);
