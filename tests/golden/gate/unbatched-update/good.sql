UPDATE users SET email = lower(email) WHERE id BETWEEN 1 AND 1000;
UPDATE users SET email = lower(email) WHERE id > 1000 AND id <= 2000;
UPDATE users SET age = 1 WHERE id IN (SELECT id FROM users WHERE age IS NULL LIMIT 1000);
