-- The old name stays, as a view that takes writes too; nobody sees the moment in between.
BEGIN;
ALTER TABLE "user" RENAME TO accounts;
CREATE VIEW "user" AS SELECT * FROM accounts;
COMMIT;
