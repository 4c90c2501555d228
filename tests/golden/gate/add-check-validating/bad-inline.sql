-- seen: lock, scan
-- Every value of the new column is NULL, and the server still reads the whole table.
ALTER TABLE users ADD COLUMN height integer CONSTRAINT "height > 0" CHECK (height > 0);
