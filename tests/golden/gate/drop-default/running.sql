INSERT INTO tickets (id, title) VALUES (100, 'printer on fire');
