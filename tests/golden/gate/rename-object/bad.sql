-- seen: lock, broken
ALTER SEQUENCE "Invoice Numbers" RENAME TO invoice_number_seq;
