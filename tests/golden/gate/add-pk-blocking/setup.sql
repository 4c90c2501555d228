CREATE TABLE "Role User" (role_id bigint NOT NULL, user_id bigint NOT NULL);
INSERT INTO "Role User" SELECT i, i FROM generate_series(1, 20) i;
