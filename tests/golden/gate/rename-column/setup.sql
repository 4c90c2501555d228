CREATE SCHEMA crm;
CREATE TYPE crm.address AS (street text, zip text);
CREATE TABLE crm."Customers" (id bigint PRIMARY KEY, fname text NOT NULL);
INSERT INTO crm."Customers" SELECT i, 'name ' || i FROM generate_series(1, 20) i;
