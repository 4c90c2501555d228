refused: SQLite has no materialized views
  hint: keep a table for its rows: create_table, and fill it by kind = "sql"
