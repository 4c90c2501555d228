-- The first step: a column beside it. A trigger keeps both in step from here on.
ALTER TABLE crm."Customers" ADD COLUMN "first name" text;
CREATE FUNCTION crm.copy_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."first name" := NEW.fname;
  RETURN NEW;
END
$$;
CREATE TRIGGER copy_name BEFORE INSERT OR UPDATE ON crm."Customers"
  FOR EACH ROW EXECUTE FUNCTION crm.copy_name();
