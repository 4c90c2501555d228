-- seen: lock, rewrite, scan
CREATE DOMAIN percentage AS integer;
ALTER DOMAIN percentage ADD CONSTRAINT in_range CHECK (VALUE BETWEEN 0 AND 100) NOT VALID;
CREATE DOMAIN discount AS percentage;
ALTER TABLE users ADD COLUMN discount discount;
