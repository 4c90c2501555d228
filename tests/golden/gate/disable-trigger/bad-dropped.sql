-- seen: lock
DROP TRIGGER "Audit" ON accounts;
