CREATE TABLE reservations (
  id bigint PRIMARY KEY,
  during tsrange NOT NULL,
  CONSTRAINT reservations_no_overlap EXCLUDE USING gist (during WITH &&)
);
