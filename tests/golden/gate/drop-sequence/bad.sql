-- seen: lock, broken
DROP SEQUENCE public.invoice_number_seq;
