-- postgres: 15-18, by its syntax
-- seen: rows users
MERGE INTO users USING organisations ON users."Org Id" = organisations.id
  WHEN MATCHED THEN DELETE;
