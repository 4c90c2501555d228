-- seen: broken
ALTER TYPE address DROP ATTRIBUTE IF EXISTS fax;
