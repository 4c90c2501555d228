BEGIN;
SET LOCAL lock_timeout = '2s';
LOCK TABLE accounts IN ROW EXCLUSIVE MODE;
SELECT sum(balance) FROM accounts;
COMMIT;
