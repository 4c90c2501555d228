-- seen: rows users
-- What a function does counts where the file itself calls it.
CREATE FUNCTION age_all(by integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE users SET age = age + by;
END
$$;
SELECT age_all(1);
