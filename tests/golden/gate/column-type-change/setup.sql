CREATE TABLE measurements (id integer PRIMARY KEY, "Sensor" integer, value numeric(6, 2), label varchar(20));
INSERT INTO measurements SELECT i, i, i FROM generate_series(1, 20) i;
