SELECT u.name FROM "user" u JOIN active_user a ON a.id = u.id;
