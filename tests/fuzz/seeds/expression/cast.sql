cast("My ""Col" as varchar(20)) || lower(t.b)
