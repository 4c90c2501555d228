refused: SQLite knows no identity (column id)
  hint: an INTEGER PRIMARY KEY counts by itself; leave `comment` out
