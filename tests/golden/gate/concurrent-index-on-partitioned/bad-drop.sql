-- seen: error 0A000
CREATE TABLE "Event Log" (id bigint NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
CREATE INDEX event_log_at ON "Event Log" (at);
DROP INDEX CONCURRENTLY event_log_at;
