== expand
-- expand.1 transaction
CREATE SEQUENCE invoice_number;
== backfill
== switch
== contract
