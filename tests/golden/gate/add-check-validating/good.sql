ALTER TABLE users ADD CONSTRAINT users_age_check CHECK (age >= 0) NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT users_age_check;
CREATE TABLE pets (id bigint PRIMARY KEY, age integer);
ALTER TABLE pets ADD CONSTRAINT pets_age_check CHECK (age >= 0);
