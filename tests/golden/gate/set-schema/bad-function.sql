-- seen: broken
ALTER FUNCTION fee(integer) SET SCHEMA archive;
