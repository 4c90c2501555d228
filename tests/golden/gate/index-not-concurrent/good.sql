CREATE INDEX CONCURRENTLY "index_users_on_Org Id" ON users ("Org Id");
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS index_users_on_email ON users (lower(email));
CREATE TABLE devices (id bigint PRIMARY KEY, user_id bigint NOT NULL);
CREATE INDEX devices_user_id ON devices (user_id);
