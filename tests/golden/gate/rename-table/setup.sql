CREATE TABLE "user" (id bigint PRIMARY KEY, name text);
CREATE VIEW active_user AS SELECT id FROM "user";
INSERT INTO "user" SELECT i, 'name ' || i FROM generate_series(1, 20) i;
