-- seen: lock, scan
ALTER TABLE "users" ADD CONSTRAINT "fk_rails_users_org" FOREIGN KEY ("Org Id")
  REFERENCES "organisations" ("id") ON DELETE CASCADE;
