-- Nothing calls it now.
CREATE FUNCTION age_everybody() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE users SET age = age + 1;
  RETURN NULL;
END
$$;
