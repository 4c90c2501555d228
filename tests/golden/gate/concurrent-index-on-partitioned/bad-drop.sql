-- seen: error 0A000
CREATE TABLE "Event Log" (id bigint NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE event_log_1 PARTITION OF "Event Log" FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE INDEX event_log_at ON "Event Log" (at);
DROP INDEX CONCURRENTLY event_log_at;
