CREATE TABLE memberships (user_id bigint, team_id bigint, "since day" date);
INSERT INTO memberships SELECT i, i, now() FROM generate_series(1, 20) i;
