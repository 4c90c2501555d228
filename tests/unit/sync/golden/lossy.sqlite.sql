CREATE TRIGGER zzz_zdm_users_insert
AFTER INSERT ON users FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM zdm_guard WHERE table_name IN ('users', 'users#' || NEW.rowid || '@' || julianday('now')))
BEGIN
  -- zdm: 0002_cents
  DELETE FROM zdm_guard WHERE table_name >= 'users#' || NEW.rowid || '@' AND table_name < 'users#' || NEW.rowid || 'A';
  INSERT INTO zdm_guard (table_name) VALUES ('users#' || NEW.rowid || '@' || julianday('now'));
  UPDATE users SET price = (cents / 100.0) WHERE rowid = NEW.rowid AND NEW.cents IS NOT (0) AND NEW.price IS (0);
  UPDATE users SET cents = (round(price * 100)) WHERE rowid = NEW.rowid AND (NEW.price IS NOT (0) OR cents IS NULL) AND NEW.cents IS (0);
  DELETE FROM zdm_guard WHERE table_name = 'users#' || NEW.rowid || '@' || julianday('now');
END;
CREATE TRIGGER zzz_zdm_users_update
AFTER UPDATE ON users FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM zdm_guard WHERE table_name IN ('users', 'users#' || NEW.rowid || '@' || julianday('now')))
  AND (NEW.cents IS NOT OLD.cents
       OR NEW.price IS NOT OLD.price
       OR NEW.cents IS NULL)
BEGIN
  -- zdm: 0002_cents
  DELETE FROM zdm_guard WHERE table_name >= 'users#' || NEW.rowid || '@' AND table_name < 'users#' || NEW.rowid || 'A';
  INSERT INTO zdm_guard (table_name) VALUES ('users#' || NEW.rowid || '@' || julianday('now'));
  UPDATE users SET price = (cents / 100.0) WHERE rowid = NEW.rowid AND NEW.cents IS NOT OLD.cents AND NEW.price IS OLD.price;
  UPDATE users SET cents = (round(price * 100)) WHERE rowid = NEW.rowid AND (NEW.price IS NOT OLD.price OR cents IS NULL) AND NEW.cents IS OLD.cents;
  DELETE FROM zdm_guard WHERE table_name = 'users#' || NEW.rowid || '@' || julianday('now');
END;
