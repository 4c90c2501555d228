-- The key comes with the table, or not at all. As Drizzle writes it.
CREATE TABLE IF NOT EXISTS "Role User" (
  role_id bigint NOT NULL,
  user_id bigint UNIQUE CHECK (user_id > 0),
  PRIMARY KEY (role_id, user_id)
);
