REINDEX INDEX CONCURRENTLY index_users_on_phone;
CREATE TABLE devices (id bigint PRIMARY KEY);
REINDEX TABLE devices;
