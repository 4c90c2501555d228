== expand
== backfill
== switch
== contract
