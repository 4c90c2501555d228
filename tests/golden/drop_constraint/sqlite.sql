refused: SQLite cannot drop a constraint: ALTER TABLE has no DROP CONSTRAINT
  hint: rebuild the table with kind = "sql" (sqlite.org/lang_altertable.html, section 7)
