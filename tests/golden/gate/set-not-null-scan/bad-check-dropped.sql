-- seen: lock, scan
-- What a statement drops is gone before it sets anything.
ALTER TABLE users ADD CONSTRAINT users_phone_present CHECK (phone IS NOT NULL) NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT users_phone_present;
ALTER TABLE users ALTER COLUMN phone SET NOT NULL, DROP CONSTRAINT users_phone_present;
