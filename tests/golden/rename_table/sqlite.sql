refused: SQLite cannot rename a table without downtime: its views take no INSERT, UPDATE or DELETE
  hint: rebuild the table with kind = "sql" (sqlite.org/lang_altertable.html, section 7)
