-- seen: lock, broken
-- also: "tenant-42".orders
DROP SCHEMA IF EXISTS "tenant-42" CASCADE;
