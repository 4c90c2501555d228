-- zdm:transaction=on
-- seen: lock
-- Flyway sends the whole file in one transaction.
ALTER TABLE users ALTER COLUMN phone SET DEFAULT '';
CREATE TRIGGER audit_organisations AFTER DELETE ON organisations
  FOR EACH ROW EXECUTE FUNCTION audit();
