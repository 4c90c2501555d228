CREATE TABLE payments_2019 (id bigint PRIMARY KEY, amount integer);
ALTER TABLE payments_2019 SET SCHEMA archive;
