INSERT INTO "Invites" (id) VALUES (1);
INSERT INTO users (id, email) VALUES (100, 'new@example.org');
