DO $$ BEGIN IF to_regrole('reporting') IS NULL THEN CREATE ROLE reporting; END IF; END $$;
CREATE TABLE invoices (id bigint PRIMARY KEY, total integer);
GRANT SELECT ON invoices TO reporting;
