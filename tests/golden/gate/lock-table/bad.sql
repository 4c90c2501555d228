-- seen: lock
BEGIN;
LOCK TABLE accounts;
SELECT sum(balance) FROM accounts;
COMMIT;
