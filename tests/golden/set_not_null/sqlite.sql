refused: SQLite cannot set NOT NULL: ALTER TABLE has no such form
  hint: rebuild the table with kind = "sql" (sqlite.org/lang_altertable.html, section 7)
