-- seen: lock, rewrite, scan
CREATE DOMAIN percentage AS integer CHECK (VALUE BETWEEN 0 AND 100);
ALTER TABLE users ADD COLUMN discount percentage;
