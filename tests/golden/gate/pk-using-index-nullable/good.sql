ALTER TABLE memberships ADD CONSTRAINT key_present
  CHECK (user_id IS NOT NULL AND team_id IS NOT NULL) NOT VALID;
ALTER TABLE memberships VALIDATE CONSTRAINT key_present;
ALTER TABLE memberships ALTER user_id SET NOT NULL, ALTER team_id SET NOT NULL;
CREATE UNIQUE INDEX CONCURRENTLY memberships_key ON memberships (user_id, team_id);
ALTER TABLE memberships ADD CONSTRAINT memberships_pkey PRIMARY KEY USING INDEX memberships_key;
