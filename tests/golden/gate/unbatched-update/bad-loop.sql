-- seen: rows users
-- A loop that takes all the rows in each of its turns.
DO $$
DECLARE
  turn integer;
BEGIN
  FOR turn IN 1 .. 2 LOOP
    UPDATE users SET age = age + 1 WHERE age <> turn;
  END LOOP;
END
$$;
