CREATE TRIGGER zzz_zdm_users_insert
AFTER INSERT ON users FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM zdm_guard WHERE table_name IN ('users', 'users#' || NEW.rowid || '@' || julianday('now')))
BEGIN
  -- zdm: 0007_repair
  DELETE FROM zdm_guard WHERE table_name >= 'users#' || NEW.rowid || '@' AND table_name < 'users#' || NEW.rowid || 'A';
  INSERT INTO zdm_guard (table_name) VALUES ('users#' || NEW.rowid || '@' || julianday('now'));
  UPDATE users SET country = ('unknown') WHERE rowid = NEW.rowid AND country IS NULL;
  DELETE FROM zdm_guard WHERE table_name = 'users#' || NEW.rowid || '@' || julianday('now');
END;
CREATE TRIGGER zzz_zdm_users_update
AFTER UPDATE ON users FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM zdm_guard WHERE table_name IN ('users', 'users#' || NEW.rowid || '@' || julianday('now')))
  AND (NEW.country IS NULL)
BEGIN
  -- zdm: 0007_repair
  DELETE FROM zdm_guard WHERE table_name >= 'users#' || NEW.rowid || '@' AND table_name < 'users#' || NEW.rowid || 'A';
  INSERT INTO zdm_guard (table_name) VALUES ('users#' || NEW.rowid || '@' || julianday('now'));
  UPDATE users SET country = ('unknown') WHERE rowid = NEW.rowid AND country IS NULL;
  DELETE FROM zdm_guard WHERE table_name = 'users#' || NEW.rowid || '@' || julianday('now');
END;
