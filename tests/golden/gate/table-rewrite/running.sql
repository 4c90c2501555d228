INSERT INTO users (id, email) VALUES (100, 'new@example.org');
