refused: SQLite cannot add a unique constraint: ALTER TABLE has no ADD CONSTRAINT; a unique create_index does the same
  hint: rebuild the table with kind = "sql" (sqlite.org/lang_altertable.html, section 7)
