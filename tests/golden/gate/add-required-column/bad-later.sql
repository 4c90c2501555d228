-- seen: broken
-- The running release does not know the new column, and a CHECK holds for its inserts at once.
ALTER TABLE "Invites" ADD COLUMN sent_by bigint;
ALTER TABLE "Invites" ADD CONSTRAINT sent_by_present CHECK (sent_by IS NOT NULL) NOT VALID;
