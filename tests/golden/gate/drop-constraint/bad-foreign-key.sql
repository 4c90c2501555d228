-- seen: lock
-- also: subscribers
ALTER TABLE mails DROP CONSTRAINT IF EXISTS "mails→subscribers";
