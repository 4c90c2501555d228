-- seen: lock, broken
alter table "subscribers" drop constraint "subscribers_email_unique";
