-- seen: lock
-- Here it is the tablespace it has already; another one copies the file.
ALTER INDEX users_pkey SET TABLESPACE pg_default;
