-- seen: lock, scan
-- With a value for the rows that exist, these are checked.
ALTER TABLE users ADD COLUMN billed_by bigint DEFAULT 1 REFERENCES organisations (id);
