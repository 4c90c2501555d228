refused: SQLite cannot add an enum value: it has no enum types
  hint: rebuild the table with kind = "sql" (sqlite.org/lang_altertable.html, section 7)
