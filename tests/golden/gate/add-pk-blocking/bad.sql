-- seen: lock, scan
ALTER TABLE "Role User" ADD PRIMARY KEY (role_id, user_id);
