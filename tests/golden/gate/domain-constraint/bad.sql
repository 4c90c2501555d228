-- seen: lock, scan
-- also: contacts
ALTER DOMAIN "E-Mail" ADD CONSTRAINT has_at CHECK (VALUE LIKE '%@%');
