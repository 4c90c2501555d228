-- seen: rows users
UPDATE users SET email = lower(email), phone = NULL;
