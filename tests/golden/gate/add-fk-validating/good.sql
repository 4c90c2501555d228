ALTER TABLE users ADD CONSTRAINT users_org FOREIGN KEY ("Org Id")
  REFERENCES organisations (id) NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT users_org;
ALTER TABLE users ADD COLUMN billed_by bigint REFERENCES organisations (id);
CREATE TABLE teams (id bigint PRIMARY KEY, org_id bigint NOT NULL REFERENCES organisations (id));
