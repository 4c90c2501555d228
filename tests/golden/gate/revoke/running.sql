SET ROLE reporting;
SELECT total FROM invoices;
