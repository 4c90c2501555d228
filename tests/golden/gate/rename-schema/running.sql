SELECT id FROM billing.invoices;
