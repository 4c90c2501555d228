-- seen: lock, rewrite
VACUUM (FULL, ANALYZE) users;
CLUSTER users USING users_pkey;
ALTER TABLE "Archive" SET UNLOGGED;
