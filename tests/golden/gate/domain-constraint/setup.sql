CREATE DOMAIN "E-Mail" AS text;
CREATE DOMAIN amount AS numeric;
CREATE TABLE contacts (id bigint PRIMARY KEY, email "E-Mail", owed amount);
INSERT INTO contacts SELECT i, 'a@b', i FROM generate_series(1, 20) i;
