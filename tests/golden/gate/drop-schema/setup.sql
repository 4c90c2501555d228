CREATE SCHEMA "tenant-42";
CREATE TABLE "tenant-42".orders (id bigint PRIMARY KEY);
CREATE SCHEMA scratch;
