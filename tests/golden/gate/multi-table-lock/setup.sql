CREATE TABLE users (
  id bigint PRIMARY KEY,
  email text NOT NULL,
  phone text,
  age integer,
  "Org Id" bigint
);
CREATE TABLE organisations (id bigint PRIMARY KEY);
INSERT INTO organisations SELECT i FROM generate_series(1, 20) i;
INSERT INTO users SELECT i, 'user' || i || '@example.org', '+49' || i, i, i
  FROM generate_series(1, 20) i;

CREATE TABLE accounts (id bigint PRIMARY KEY, balance integer NOT NULL DEFAULT 0);
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER "Audit" BEFORE UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION audit();
INSERT INTO accounts SELECT i FROM generate_series(1, 20) i;
