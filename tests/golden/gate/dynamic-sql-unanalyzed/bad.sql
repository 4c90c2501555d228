-- seen: lock
-- also: users
DO $$
DECLARE
  each text;
BEGIN
  FOR each IN SELECT tablename FROM pg_tables WHERE tablename LIKE 'user%' LOOP
    EXECUTE format('ALTER TABLE %I ADD COLUMN tenant text', each);
  END LOOP;
END
$$;
