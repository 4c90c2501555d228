-- seen: lock, scan
-- A CHECK that is NOT VALID proves nothing.
ALTER TABLE users ADD CONSTRAINT users_phone_present CHECK (phone IS NOT NULL) NOT VALID;
ALTER TABLE users ALTER COLUMN phone SET NOT NULL;
