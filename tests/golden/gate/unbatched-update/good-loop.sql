-- A batch for each transaction: by ranges, by what is left to do, or by a list of rows.
DO $$
DECLARE
  last_id bigint := 0;
BEGIN
  LOOP
    UPDATE users SET email = lower(email) WHERE id > last_id AND id <= last_id + 1000;
    last_id := last_id + 1000;
    EXIT WHEN last_id > (SELECT max(id) FROM users);
  END LOOP;
END
$$;
WITH batch AS (
  SELECT id FROM users WHERE phone IS NULL ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED
)
UPDATE users SET phone = '' FROM batch WHERE batch.id = users.id;
UPDATE users AS u SET age = new.age FROM (VALUES (1, 17), (2, 18)) AS new (id, age)
 WHERE new.id = u.id;
