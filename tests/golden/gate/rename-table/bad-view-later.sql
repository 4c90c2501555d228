-- seen: lock
-- Nothing holds the two together: other sessions see the moment in between, and a failure lasts.
ALTER TABLE "user" RENAME TO accounts;
CREATE VIEW "user" AS SELECT * FROM accounts;
