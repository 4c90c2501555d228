-- seen: lock, broken
-- No row is in the way, but the running release inserts without the column.
alter table "Invites" add column "sent_by" bigint not null, add column "note" text null;
