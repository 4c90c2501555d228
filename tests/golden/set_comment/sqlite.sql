refused: SQLite cannot keep comments: it has none
  hint: rebuild the table with kind = "sql" (sqlite.org/lang_altertable.html, section 7)
