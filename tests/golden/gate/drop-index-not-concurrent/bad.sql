-- seen: lock
-- also: users
DROP INDEX IF EXISTS index_users_on_phone, "index users on age";
