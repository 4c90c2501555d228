CREATE TABLE prices (
  net numeric(8, 2),
  gross numeric(8, 2),
  valid_from timestamp(0),
  label varchar(20)
);
ALTER TABLE prices ALTER net TYPE numeric(12, 2), ALTER gross TYPE numeric;
ALTER TABLE prices ALTER valid_from TYPE timestamp, ALTER label TYPE text;
