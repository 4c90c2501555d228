CREATE UNIQUE INDEX CONCURRENTLY role_user_key ON "Role User" (role_id, user_id);
ALTER TABLE "Role User" ADD CONSTRAINT key_present
  CHECK (role_id IS NOT NULL AND user_id IS NOT NULL) NOT VALID;
ALTER TABLE "Role User" VALIDATE CONSTRAINT key_present;
ALTER TABLE "Role User" ADD CONSTRAINT role_user_pkey PRIMARY KEY USING INDEX role_user_key;
