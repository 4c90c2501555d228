-- seen: lock, broken
-- also: comments_id_seq
ALTER TABLE comments ALTER COLUMN id DROP IDENTITY;
