-- seen: rows users
DELETE FROM users WHERE phone IS NOT NULL;
