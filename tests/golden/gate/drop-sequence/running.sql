SELECT nextval('invoice_number_seq');
