-- seen: lock, scan
-- A CHECK of something else says nothing of the bounds.
CREATE TABLE logs (id bigint NOT NULL, at timestamptz NOT NULL, kind text)
  PARTITION BY RANGE (at);
ALTER TABLE "events 2026" ADD CONSTRAINT positive CHECK (id > 0) NOT VALID;
ALTER TABLE "events 2026" VALIDATE CONSTRAINT positive;
ALTER TABLE logs ATTACH PARTITION "events 2026"
  FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
