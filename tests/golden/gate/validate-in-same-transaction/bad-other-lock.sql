-- seen: lock, scan
ALTER TABLE users ADD CONSTRAINT "age ≥ 0" CHECK (age >= 0) NOT VALID;
ALTER TABLE users ADD COLUMN note text, VALIDATE CONSTRAINT "age ≥ 0";
