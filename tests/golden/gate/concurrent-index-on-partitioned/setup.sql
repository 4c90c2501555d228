CREATE TABLE old_events (id bigint NOT NULL, at date NOT NULL);
