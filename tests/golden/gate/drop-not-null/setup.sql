CREATE TABLE profiles (id bigint PRIMARY KEY, "displayName" text NOT NULL);
INSERT INTO profiles SELECT i, 'name ' || i FROM generate_series(1, 20) i;
