CREATE TRIGGER zzz_zdm_users_insert
AFTER INSERT ON users FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM zdm_guard WHERE table_name IN ('users', 'users#' || NEW.rowid || '@' || julianday('now')))
BEGIN
  -- zdm: 0004_merge
  DELETE FROM zdm_guard WHERE table_name >= 'users#' || NEW.rowid || '@' AND table_name < 'users#' || NEW.rowid || 'A';
  INSERT INTO zdm_guard (table_name) VALUES ('users#' || NEW.rowid || '@' || julianday('now'));
  UPDATE users SET first = (substr(name, 1, 1)), last = (substr(name, 2)) WHERE rowid = NEW.rowid AND NEW.name IS NOT NULL AND NEW.first IS NULL AND NEW.last IS NULL;
  UPDATE users SET name = (first || -- both
 last
) WHERE rowid = NEW.rowid AND (NEW.first IS NOT NULL OR NEW.last IS NOT NULL OR name IS NULL) AND NEW.name IS NULL;
  DELETE FROM zdm_guard WHERE table_name = 'users#' || NEW.rowid || '@' || julianday('now');
END;
CREATE TRIGGER zzz_zdm_users_update
AFTER UPDATE ON users FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM zdm_guard WHERE table_name IN ('users', 'users#' || NEW.rowid || '@' || julianday('now')))
  AND (NEW.name IS NOT OLD.name COLLATE BINARY
       OR NEW.first IS NOT OLD.first COLLATE BINARY
       OR NEW.last IS NOT OLD.last COLLATE BINARY
       OR NEW.name IS NULL)
BEGIN
  -- zdm: 0004_merge
  DELETE FROM zdm_guard WHERE table_name >= 'users#' || NEW.rowid || '@' AND table_name < 'users#' || NEW.rowid || 'A';
  INSERT INTO zdm_guard (table_name) VALUES ('users#' || NEW.rowid || '@' || julianday('now'));
  UPDATE users SET first = (substr(name, 1, 1)), last = (substr(name, 2)) WHERE rowid = NEW.rowid AND NEW.name IS NOT OLD.name COLLATE BINARY AND NEW.first IS OLD.first COLLATE BINARY AND NEW.last IS OLD.last COLLATE BINARY;
  UPDATE users SET name = (first || -- both
 last
) WHERE rowid = NEW.rowid AND (NEW.first IS NOT OLD.first COLLATE BINARY OR NEW.last IS NOT OLD.last COLLATE BINARY OR name IS NULL) AND NEW.name IS OLD.name COLLATE BINARY;
  DELETE FROM zdm_guard WHERE table_name = 'users#' || NEW.rowid || '@' || julianday('now');
END;
