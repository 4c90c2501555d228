-- seen: lock, scan
-- As rails db:migrate prints it.
CREATE INDEX "index_users_on_Org Id" ON "users" ("Org Id");
CREATE UNIQUE INDEX IF NOT EXISTS index_users_on_email ON users USING btree (lower(email))
  WHERE age > 17;
