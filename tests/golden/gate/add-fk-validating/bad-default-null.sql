-- seen: lock, scan
-- Only without any DEFAULT does the server see that there is nothing to check.
ALTER TABLE users ADD COLUMN billed_by bigint DEFAULT NULL REFERENCES organisations (id);
