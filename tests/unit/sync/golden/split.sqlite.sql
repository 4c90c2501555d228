CREATE TRIGGER zzz_zdm_users_insert
AFTER INSERT ON users FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM zdm_guard WHERE table_name IN ('users', 'users#' || NEW.rowid || '@' || julianday('now')))
BEGIN
  -- zdm: 0003_split
  DELETE FROM zdm_guard WHERE table_name >= 'users#' || NEW.rowid || '@' AND table_name < 'users#' || NEW.rowid || 'A';
  INSERT INTO zdm_guard (table_name) VALUES ('users#' || NEW.rowid || '@' || julianday('now'));
  UPDATE users SET name = (first || coalesce(last, '')) WHERE rowid = NEW.rowid AND (NEW.first IS NOT NULL OR NEW.last IS NOT NULL) AND NEW.name IS NULL;
  UPDATE users SET first = (substr(name, 1, 1)), last = (nullif(substr(name, 2), '')) WHERE rowid = NEW.rowid AND NEW.name IS NOT NULL AND NEW.first IS NULL AND NEW.last IS NULL;
  UPDATE users SET first = (substr(name, 1, 1)) WHERE rowid = NEW.rowid AND first IS NULL AND NEW.first IS NULL;
  UPDATE users SET last = (nullif(substr(name, 2), '')) WHERE rowid = NEW.rowid AND last IS NULL AND NEW.last IS NULL;
  DELETE FROM zdm_guard WHERE table_name = 'users#' || NEW.rowid || '@' || julianday('now');
END;
CREATE TRIGGER zzz_zdm_users_update
AFTER UPDATE ON users FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM zdm_guard WHERE table_name IN ('users', 'users#' || NEW.rowid || '@' || julianday('now')))
  AND (NEW.first IS NOT OLD.first COLLATE BINARY
       OR NEW.last IS NOT OLD.last COLLATE BINARY
       OR NEW.name IS NOT OLD.name COLLATE BINARY
       OR NEW.first IS NULL
       OR NEW.last IS NULL)
BEGIN
  -- zdm: 0003_split
  DELETE FROM zdm_guard WHERE table_name >= 'users#' || NEW.rowid || '@' AND table_name < 'users#' || NEW.rowid || 'A';
  INSERT INTO zdm_guard (table_name) VALUES ('users#' || NEW.rowid || '@' || julianday('now'));
  UPDATE users SET first = (substr(name, 1, 1)) WHERE rowid = NEW.rowid AND first IS NULL AND NEW.first IS OLD.first COLLATE BINARY;
  UPDATE users SET last = (nullif(substr(name, 2), '')) WHERE rowid = NEW.rowid AND last IS NULL AND NEW.last IS OLD.last COLLATE BINARY;
  UPDATE users SET name = (first || coalesce(last, '')) WHERE rowid = NEW.rowid AND (NEW.first IS NOT OLD.first COLLATE BINARY OR NEW.last IS NOT OLD.last COLLATE BINARY) AND NEW.name IS OLD.name COLLATE BINARY;
  UPDATE users SET first = (substr(name, 1, 1)), last = (nullif(substr(name, 2), '')) WHERE rowid = NEW.rowid AND NEW.name IS NOT OLD.name COLLATE BINARY AND NEW.first IS OLD.first COLLATE BINARY AND NEW.last IS OLD.last COLLATE BINARY;
  UPDATE users SET first = (substr(name, 1, 1)) WHERE rowid = NEW.rowid AND first IS NULL AND NEW.first IS OLD.first COLLATE BINARY;
  UPDATE users SET last = (nullif(substr(name, 2), '')) WHERE rowid = NEW.rowid AND last IS NULL AND NEW.last IS OLD.last COLLATE BINARY;
  DELETE FROM zdm_guard WHERE table_name = 'users#' || NEW.rowid || '@' || julianday('now');
END;
