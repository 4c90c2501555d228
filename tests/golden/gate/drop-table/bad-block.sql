-- seen: lock, broken
-- also: users
DO $migrate$
BEGIN
  IF EXISTS (SELECT FROM pg_tables WHERE tablename = 'legacy_sessions') THEN
    DROP TABLE legacy_sessions;
  END IF;
END
$migrate$;
