BEGIN;
ALTER TABLE users ADD COLUMN locale text;
ALTER TABLE users ADD COLUMN zone text;
CREATE TABLE teams (id bigint PRIMARY KEY);
COMMIT;
ALTER TABLE accounts ADD COLUMN locale text;
ALTER TABLE organisations ADD COLUMN locale text;
