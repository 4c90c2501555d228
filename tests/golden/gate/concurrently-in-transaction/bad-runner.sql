-- zdm:transaction=on
-- seen: error 25001
DROP INDEX CONCURRENTLY IF EXISTS users_phone;
