DELETE FROM users WHERE phone IS NULL AND id BETWEEN 1 AND 1000;
CREATE TABLE staging (id bigint);
DELETE FROM staging;
