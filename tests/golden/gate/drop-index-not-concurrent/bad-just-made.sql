-- seen: lock
-- also: users
-- The index is new; the table, which is locked for it, is not.
CREATE INDEX CONCURRENTLY users_org ON users ("Org Id");
DROP INDEX users_org;
