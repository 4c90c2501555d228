-- zdm:transaction=on
-- seen: lock
LOCK TABLE ONLY public.accounts IN EXCLUSIVE MODE;
UPDATE accounts SET balance = balance + 1 WHERE id = 7;
