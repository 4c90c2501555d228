-- postgres: 15-18, by its syntax
-- seen: lock
ALTER TABLE "Archive" SET ACCESS METHOD heap;
