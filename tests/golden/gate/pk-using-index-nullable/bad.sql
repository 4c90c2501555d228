-- seen: lock, scan
CREATE UNIQUE INDEX CONCURRENTLY memberships_key ON memberships (user_id, team_id);
ALTER TABLE memberships ADD CONSTRAINT memberships_pkey PRIMARY KEY USING INDEX memberships_key;
