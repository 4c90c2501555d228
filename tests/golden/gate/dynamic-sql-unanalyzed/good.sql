DO $$
BEGIN
  ALTER TABLE users ADD COLUMN tenant text;
  EXECUTE 'ALTER TABLE users ADD COLUMN "tenant name" text';
END
$$;
