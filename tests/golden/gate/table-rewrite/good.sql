-- The default of rows to come may vary; those that exist are filled in batches.
ALTER TABLE users ADD COLUMN public_id uuid;
ALTER TABLE users ALTER COLUMN public_id SET DEFAULT gen_random_uuid();
UPDATE users SET public_id = gen_random_uuid() WHERE id BETWEEN 1 AND 1000;
ALTER TABLE users ADD COLUMN joined_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN tags text[] NOT NULL DEFAULT '{}';
CREATE FUNCTION default_locale() RETURNS text LANGUAGE sql STABLE AS $$SELECT 'de'::text$$;
ALTER TABLE users ADD COLUMN locale text DEFAULT default_locale();
ALTER TABLE users ADD COLUMN joined_in integer DEFAULT date_part('year', now());
VACUUM (ANALYZE) users;
