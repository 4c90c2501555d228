refused: SQLite cannot add a check: ALTER TABLE has no ADD CONSTRAINT
  hint: rebuild the table with kind = "sql" (sqlite.org/lang_altertable.html, section 7)
