DROP TRIGGER IF EXISTS zzz_zdm_users_insert;
DROP TRIGGER IF EXISTS zzz_zdm_users_update;
CREATE TRIGGER zzz_zdm_users_insert
AFTER INSERT ON users FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM zdm_guard WHERE table_name IN ('users', 'users#' || NEW.rowid || '@' || julianday('now')))
BEGIN
  -- zdm: 0001_rename, 0008_again
  DELETE FROM zdm_guard WHERE table_name >= 'users#' || NEW.rowid || '@' AND table_name < 'users#' || NEW.rowid || 'A';
  INSERT INTO zdm_guard (table_name) VALUES ('users#' || NEW.rowid || '@' || julianday('now'));
  UPDATE users SET full_name = (country) WHERE rowid = NEW.rowid AND NEW.country IS NOT NULL AND NEW.full_name IS NULL;
  UPDATE users SET name = (full_name) WHERE rowid = NEW.rowid AND (NEW.full_name IS NOT NULL OR (NEW.country IS NOT NULL AND NEW.full_name IS NULL)) AND NEW.name IS NULL;
  UPDATE users SET full_name = (name) WHERE rowid = NEW.rowid AND NEW.name IS NOT NULL AND NOT (NEW.full_name IS NOT NULL OR (NEW.country IS NOT NULL AND NEW.full_name IS NULL));
  UPDATE users SET full_name = (name) WHERE rowid = NEW.rowid AND full_name IS NULL AND NOT ((NEW.full_name IS NOT NULL OR (NEW.country IS NOT NULL AND NEW.full_name IS NULL)) OR (NEW.name IS NOT NULL AND NOT (NEW.full_name IS NOT NULL OR (NEW.country IS NOT NULL AND NEW.full_name IS NULL))));
  UPDATE users SET country = (full_name) WHERE rowid = NEW.rowid AND (((NEW.full_name IS NOT NULL OR (NEW.country IS NOT NULL AND NEW.full_name IS NULL)) OR (NEW.name IS NOT NULL AND NOT (NEW.full_name IS NOT NULL OR (NEW.country IS NOT NULL AND NEW.full_name IS NULL)))) OR country IS NULL) AND NEW.country IS NULL;
  DELETE FROM zdm_guard WHERE table_name = 'users#' || NEW.rowid || '@' || julianday('now');
END;
CREATE TRIGGER zzz_zdm_users_update
AFTER UPDATE ON users FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM zdm_guard WHERE table_name IN ('users', 'users#' || NEW.rowid || '@' || julianday('now')))
  AND (NEW.country IS NOT OLD.country COLLATE BINARY
       OR NEW.full_name IS NOT OLD.full_name COLLATE BINARY
       OR NEW.name IS NOT OLD.name COLLATE BINARY
       OR NEW.full_name IS NULL
       OR NEW.country IS NULL)
BEGIN
  -- zdm: 0001_rename, 0008_again
  DELETE FROM zdm_guard WHERE table_name >= 'users#' || NEW.rowid || '@' AND table_name < 'users#' || NEW.rowid || 'A';
  INSERT INTO zdm_guard (table_name) VALUES ('users#' || NEW.rowid || '@' || julianday('now'));
  UPDATE users SET full_name = (name) WHERE rowid = NEW.rowid AND full_name IS NULL AND NEW.full_name IS OLD.full_name COLLATE BINARY;
  UPDATE users SET full_name = (country) WHERE rowid = NEW.rowid AND NEW.country IS NOT OLD.country COLLATE BINARY AND NEW.full_name IS OLD.full_name COLLATE BINARY;
  UPDATE users SET name = (full_name) WHERE rowid = NEW.rowid AND (NEW.full_name IS NOT OLD.full_name COLLATE BINARY OR (NEW.country IS NOT OLD.country COLLATE BINARY AND NEW.full_name IS OLD.full_name COLLATE BINARY AND full_name IS NOT OLD.full_name COLLATE BINARY)) AND NEW.name IS OLD.name COLLATE BINARY;
  UPDATE users SET full_name = (name) WHERE rowid = NEW.rowid AND NEW.name IS NOT OLD.name COLLATE BINARY AND NOT (NEW.full_name IS NOT OLD.full_name COLLATE BINARY OR (NEW.country IS NOT OLD.country COLLATE BINARY AND NEW.full_name IS OLD.full_name COLLATE BINARY AND full_name IS NOT OLD.full_name COLLATE BINARY));
  UPDATE users SET full_name = (name) WHERE rowid = NEW.rowid AND full_name IS NULL AND NOT ((NEW.full_name IS NOT OLD.full_name COLLATE BINARY OR (NEW.country IS NOT OLD.country COLLATE BINARY AND NEW.full_name IS OLD.full_name COLLATE BINARY AND full_name IS NOT OLD.full_name COLLATE BINARY)) OR (NEW.name IS NOT OLD.name COLLATE BINARY AND NOT (NEW.full_name IS NOT OLD.full_name COLLATE BINARY OR (NEW.country IS NOT OLD.country COLLATE BINARY AND NEW.full_name IS OLD.full_name COLLATE BINARY AND full_name IS NOT OLD.full_name COLLATE BINARY)) AND full_name IS NOT OLD.full_name COLLATE BINARY));
  UPDATE users SET country = (full_name) WHERE rowid = NEW.rowid AND (((NEW.full_name IS NOT OLD.full_name COLLATE BINARY OR (NEW.country IS NOT OLD.country COLLATE BINARY AND NEW.full_name IS OLD.full_name COLLATE BINARY AND full_name IS NOT OLD.full_name COLLATE BINARY)) OR (NEW.name IS NOT OLD.name COLLATE BINARY AND NOT (NEW.full_name IS NOT OLD.full_name COLLATE BINARY OR (NEW.country IS NOT OLD.country COLLATE BINARY AND NEW.full_name IS OLD.full_name COLLATE BINARY AND full_name IS NOT OLD.full_name COLLATE BINARY)) AND full_name IS NOT OLD.full_name COLLATE BINARY)) OR country IS NULL) AND NEW.country IS OLD.country COLLATE BINARY;
  DELETE FROM zdm_guard WHERE table_name = 'users#' || NEW.rowid || '@' || julianday('now');
END;
