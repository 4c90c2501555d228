-- seen: lock, scan
BEGIN;
ALTER TABLE users ADD CONSTRAINT users_org FOREIGN KEY ("Org Id")
  REFERENCES organisations (id) NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT users_org;
COMMIT;
