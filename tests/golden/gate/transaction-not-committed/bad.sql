-- seen: undone
SET lock_timeout = '2s';
BEGIN;
ALTER TABLE users ADD COLUMN locale text;
CREATE TABLE teams (id bigint PRIMARY KEY);
