-- A cast to the new type converts no more than the change itself.
ALTER TABLE measurements ADD COLUMN code varchar(20);
ALTER TABLE measurements ALTER COLUMN code TYPE text USING code::text;
