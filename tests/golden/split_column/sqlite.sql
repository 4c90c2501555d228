== expand
-- expand.1 transaction
ALTER TABLE users ADD COLUMN first_name text;
ALTER TABLE users ADD COLUMN last_name text;
== backfill
-- backfill.1 transaction
CREATE TRIGGER zzz_zdm_users_insert
AFTER INSERT ON users FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM zdm_guard WHERE table_name IN ('users', 'users#' || NEW.rowid || '@' || julianday('now')))
BEGIN
  -- zdm: migration
  DELETE FROM zdm_guard WHERE table_name >= 'users#' || NEW.rowid || '@' AND table_name < 'users#' || NEW.rowid || 'A';
  INSERT INTO zdm_guard (table_name) VALUES ('users#' || NEW.rowid || '@' || julianday('now'));
  UPDATE users SET name = (first_name || ' ' || last_name) WHERE rowid = NEW.rowid AND (NEW.first_name IS NOT NULL OR NEW.last_name IS NOT NULL) AND NEW.name IS NULL;
  UPDATE users SET first_name = (split_part(name, ' ', 1)), last_name = (split_part(name, ' ', 2)) WHERE rowid = NEW.rowid AND NEW.name IS NOT NULL AND NEW.first_name IS NULL AND NEW.last_name IS NULL;
  UPDATE users SET first_name = (split_part(name, ' ', 1)) WHERE rowid = NEW.rowid AND first_name IS NULL AND NEW.first_name IS NULL;
  UPDATE users SET last_name = (split_part(name, ' ', 2)) WHERE rowid = NEW.rowid AND last_name IS NULL AND NEW.last_name IS NULL;
  DELETE FROM zdm_guard WHERE table_name = 'users#' || NEW.rowid || '@' || julianday('now');
END;
CREATE TRIGGER zzz_zdm_users_update
AFTER UPDATE ON users FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM zdm_guard WHERE table_name IN ('users', 'users#' || NEW.rowid || '@' || julianday('now')))
  AND (NEW.first_name IS NOT OLD.first_name COLLATE BINARY
       OR NEW.last_name IS NOT OLD.last_name COLLATE BINARY
       OR NEW.name IS NOT OLD.name COLLATE BINARY
       OR NEW.first_name IS NULL
       OR NEW.last_name IS NULL)
BEGIN
  -- zdm: migration
  DELETE FROM zdm_guard WHERE table_name >= 'users#' || NEW.rowid || '@' AND table_name < 'users#' || NEW.rowid || 'A';
  INSERT INTO zdm_guard (table_name) VALUES ('users#' || NEW.rowid || '@' || julianday('now'));
  UPDATE users SET first_name = (split_part(name, ' ', 1)) WHERE rowid = NEW.rowid AND first_name IS NULL AND NEW.first_name IS OLD.first_name COLLATE BINARY;
  UPDATE users SET last_name = (split_part(name, ' ', 2)) WHERE rowid = NEW.rowid AND last_name IS NULL AND NEW.last_name IS OLD.last_name COLLATE BINARY;
  UPDATE users SET name = (first_name || ' ' || last_name) WHERE rowid = NEW.rowid AND (NEW.first_name IS NOT OLD.first_name COLLATE BINARY OR NEW.last_name IS NOT OLD.last_name COLLATE BINARY) AND NEW.name IS OLD.name COLLATE BINARY;
  UPDATE users SET first_name = (split_part(name, ' ', 1)), last_name = (split_part(name, ' ', 2)) WHERE rowid = NEW.rowid AND NEW.name IS NOT OLD.name COLLATE BINARY AND NEW.first_name IS OLD.first_name COLLATE BINARY AND NEW.last_name IS OLD.last_name COLLATE BINARY;
  UPDATE users SET first_name = (split_part(name, ' ', 1)) WHERE rowid = NEW.rowid AND first_name IS NULL AND NEW.first_name IS OLD.first_name COLLATE BINARY;
  UPDATE users SET last_name = (split_part(name, ' ', 2)) WHERE rowid = NEW.rowid AND last_name IS NULL AND NEW.last_name IS OLD.last_name COLLATE BINARY;
  DELETE FROM zdm_guard WHERE table_name = 'users#' || NEW.rowid || '@' || julianday('now');
END;
-- backfill.2 backfill, outside a transaction, scans
-- backfill.3 verify, scans
== switch
== contract
-- contract.1 verify, scans
-- contract.2 transaction, destructive, rewrites
DROP TRIGGER IF EXISTS zzz_zdm_users_insert;
DROP TRIGGER IF EXISTS zzz_zdm_users_update;
ALTER TABLE users DROP COLUMN name;
warning no-column-list: from here on users has a column more: INSERT INTO users VALUES (…), and INSERT … SELECT * from it, fail where they list no columns, in triggers too
warning returning-before-sync: INSERT … RETURNING and UPDATE … RETURNING on users show the row as it was before the other shape was filled: SQLite runs AFTER triggers later
warning conflict-clauses: OR IGNORE, OR FAIL and OR REPLACE of a write to users hold for what the triggers do for it, too: where the other shape's value breaks a constraint, the two shapes differ then, or another row goes; and a NULL for a NOT NULL column fails the whole statement
warning drop-column-rewrites: DROP COLUMN at contract (and at rollback of expand or backfill) rewrites users under SQLite's write lock, about 0.4 s per million rows: about 0.0 s
