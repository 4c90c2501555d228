WITH batch AS (SELECT id FROM users WHERE phone IS NULL LIMIT 1000)
DELETE FROM users USING batch WHERE users.id = batch.id;
DELETE FROM users WHERE ctid = ANY (ARRAY(SELECT ctid FROM users WHERE age > 99 LIMIT 100));
