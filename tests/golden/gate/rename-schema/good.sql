CREATE SCHEMA accounting_next;
ALTER SCHEMA accounting_next RENAME TO accounting;
CREATE VIEW accounting.invoices AS SELECT id FROM billing.invoices;
