CREATE TABLE invoice_drafts (id bigint PRIMARY KEY);
REVOKE ALL ON invoice_drafts FROM PUBLIC;
GRANT SELECT ON invoice_drafts TO reporting;
