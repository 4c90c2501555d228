INSERT INTO tickets (id, title) VALUES (100, 'printer on fire');
INSERT INTO comments (body) VALUES ('mine too');
INSERT INTO comments (id, body) VALUES (100, 'copied');
