-- A temporary table is the session's own, made before or just now.
CREATE TEMPORARY TABLE IF NOT EXISTS moved (id bigint);
CREATE INDEX moved_id ON moved (id);
TRUNCATE moved;
DROP TABLE moved;
DROP TABLE IF EXISTS pg_temp.seen;
