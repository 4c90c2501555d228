INSERT INTO orders VALUES (100, 'pending');
