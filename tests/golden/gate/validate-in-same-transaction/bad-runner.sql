-- zdm:transaction=on
-- seen: lock, scan
ALTER TABLE users ADD CONSTRAINT "age ≥ 0" CHECK (age >= 0) NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT "age ≥ 0";
