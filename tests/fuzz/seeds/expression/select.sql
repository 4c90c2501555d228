coalesce((select max(x) from u where u.id = t.id), 0)
