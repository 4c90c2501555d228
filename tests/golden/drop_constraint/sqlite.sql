refused: SQLite cannot drop a constraint: ALTER TABLE has no DROP CONSTRAINT
  hint: rebuild the table with kind = "sql": CREATE a new one, INSERT … SELECT, DROP the old, RENAME (sqlite.org/lang_altertable.html, section 7, without its PRAGMAs: zdm turns foreign keys off for it, and checks them)
