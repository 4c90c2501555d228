-- seen: lock
-- It was varchar(20), which this file does not tell: then nothing is converted.
ALTER TABLE measurements ALTER COLUMN label TYPE text;
