-- seen: lock, broken
-- As Django writes it: the default is for the rows that are there.
ALTER TABLE "Invites" ADD COLUMN "score" integer DEFAULT 0 NOT NULL;
ALTER TABLE "Invites" ALTER COLUMN "score" DROP DEFAULT;
