-- seen: broken
REVOKE ALL PRIVILEGES ON TABLE invoices FROM reporting;
