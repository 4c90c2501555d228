-- seen: error 23502
ALTER TABLE users ADD COLUMN country varchar(2) NOT NULL;
