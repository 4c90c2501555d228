-- seen: error 42601
ALTER TABLE users ADD COLUMN locale text;
ALTER TABEL users DROP COLUMN age;
