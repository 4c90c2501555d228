== expand
-- expand.1 transaction
CREATE TABLE public.orders (
  id bigint GENERATED ALWAYS AS IDENTITY,
  state text DEFAULT 'new' NOT NULL,
  PRIMARY KEY (id)
);
== backfill
== switch
== contract
