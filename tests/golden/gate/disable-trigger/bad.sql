-- seen: lock
ALTER TABLE accounts DISABLE TRIGGER "Audit";
UPDATE accounts SET balance = 1 WHERE id BETWEEN 1 AND 10;
ALTER TABLE accounts ENABLE TRIGGER "Audit";
