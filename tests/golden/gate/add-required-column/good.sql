ALTER TABLE users ADD COLUMN country varchar(2) NOT NULL DEFAULT 'DE';
ALTER TABLE "Invites" ADD COLUMN sent_by bigint;
CREATE TABLE invite_mails (id bigint PRIMARY KEY);
ALTER TABLE invite_mails ADD COLUMN body text NOT NULL;
