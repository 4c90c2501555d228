refused: SQLite cannot set a default: ALTER TABLE has no such form
  hint: rebuild the table with kind = "sql": CREATE a new one, INSERT … SELECT, DROP the old, RENAME (sqlite.org/lang_altertable.html, section 7, without its PRAGMAs: zdm turns foreign keys off for it, and checks them)
