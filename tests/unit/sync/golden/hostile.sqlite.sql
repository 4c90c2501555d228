CREATE TRIGGER "zzz_zdm_order; DROP TABLE x --'_insert"
AFTER INSERT ON "order; DROP TABLE x --'" FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM zdm_guard WHERE table_name IN ('order; drop table x --''', 'order; drop table x --''#' || NEW.rowid || '@' || julianday('now')))
BEGIN
  -- zdm: 0001_' $zdm$
  DELETE FROM zdm_guard WHERE table_name >= 'order; drop table x --''#' || NEW.rowid || '@' AND table_name < 'order; drop table x --''#' || NEW.rowid || 'A';
  INSERT INTO zdm_guard (table_name) VALUES ('order; drop table x --''#' || NEW.rowid || '@' || julianday('now'));
  UPDATE "order; DROP TABLE x --'" SET "select" = ("né ""w""") WHERE rowid = NEW.rowid AND NEW."né ""w""" IS NOT NULL AND NEW."select" IS NULL;
  UPDATE "order; DROP TABLE x --'" SET "né ""w""" = ("select" || '$zdm$;--'
) WHERE rowid = NEW.rowid AND (NEW."select" IS NOT NULL OR "né ""w""" IS NULL) AND NEW."né ""w""" IS NULL;
  DELETE FROM zdm_guard WHERE table_name = 'order; drop table x --''#' || NEW.rowid || '@' || julianday('now');
END;
CREATE TRIGGER "zzz_zdm_order; DROP TABLE x --'_update"
AFTER UPDATE ON "order; DROP TABLE x --'" FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM zdm_guard WHERE table_name IN ('order; drop table x --''', 'order; drop table x --''#' || NEW.rowid || '@' || julianday('now')))
  AND (NEW."né ""w""" IS NOT OLD."né ""w""" COLLATE BINARY
       OR NEW."select" IS NOT OLD."select" COLLATE BINARY
       OR NEW."né ""w""" IS NULL)
BEGIN
  -- zdm: 0001_' $zdm$
  DELETE FROM zdm_guard WHERE table_name >= 'order; drop table x --''#' || NEW.rowid || '@' AND table_name < 'order; drop table x --''#' || NEW.rowid || 'A';
  INSERT INTO zdm_guard (table_name) VALUES ('order; drop table x --''#' || NEW.rowid || '@' || julianday('now'));
  UPDATE "order; DROP TABLE x --'" SET "select" = ("né ""w""") WHERE rowid = NEW.rowid AND NEW."né ""w""" IS NOT OLD."né ""w""" COLLATE BINARY AND NEW."select" IS OLD."select" COLLATE BINARY;
  UPDATE "order; DROP TABLE x --'" SET "né ""w""" = ("select" || '$zdm$;--'
) WHERE rowid = NEW.rowid AND (NEW."select" IS NOT OLD."select" COLLATE BINARY OR "né ""w""" IS NULL) AND NEW."né ""w""" IS OLD."né ""w""" COLLATE BINARY;
  DELETE FROM zdm_guard WHERE table_name = 'order; drop table x --''#' || NEW.rowid || '@' || julianday('now');
END;
