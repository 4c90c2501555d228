-- seen: lock, scan
-- also: contacts
ALTER DOMAIN amount SET NOT NULL;
