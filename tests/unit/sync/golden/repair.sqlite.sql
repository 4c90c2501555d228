CREATE TRIGGER zzz_zdm_users_insert
AFTER INSERT ON users FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM zdm_guard WHERE table_name IN ('users', 'users#' || NEW.rowid))
BEGIN
  -- zdm: 0007_repair
  INSERT INTO zdm_guard (table_name) VALUES ('users#' || NEW.rowid);
  UPDATE users SET country = ('unknown') WHERE rowid = NEW.rowid AND country IS NULL;
  DELETE FROM zdm_guard WHERE table_name = 'users#' || NEW.rowid;
END;
CREATE TRIGGER zzz_zdm_users_update
AFTER UPDATE ON users FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM zdm_guard WHERE table_name IN ('users', 'users#' || NEW.rowid))
  AND (NEW.country IS NULL)
BEGIN
  -- zdm: 0007_repair
  INSERT INTO zdm_guard (table_name) VALUES ('users#' || NEW.rowid);
  UPDATE users SET country = ('unknown') WHERE rowid = NEW.rowid AND country IS NULL;
  DELETE FROM zdm_guard WHERE table_name = 'users#' || NEW.rowid;
END;
