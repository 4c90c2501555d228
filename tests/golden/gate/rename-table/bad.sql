-- seen: lock, broken
ALTER TABLE "user" RENAME TO accounts;
