-- seen: lock, scan
-- also: users
REINDEX TABLE users;
REINDEX (VERBOSE) INDEX index_users_on_phone;
