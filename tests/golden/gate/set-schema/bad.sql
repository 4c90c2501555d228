-- seen: lock, broken
ALTER TABLE payments SET SCHEMA archive;
