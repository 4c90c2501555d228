refused: SQLite cannot add a unique constraint: ALTER TABLE has no ADD CONSTRAINT; a unique create_index does the same
  hint: rebuild the table with kind = "sql": CREATE a new one, INSERT … SELECT, DROP the old, RENAME (sqlite.org/lang_altertable.html, section 7, without its PRAGMAs: zdm turns foreign keys off for it, and checks them)
