-- zdm:transaction=on
-- seen: lock
LOCK TABLE ONLY public.accounts IN EXCLUSIVE MODE NOWAIT;
UPDATE accounts SET balance = balance + 1 WHERE id = 7;
