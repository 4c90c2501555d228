-- seen: lock, broken
ALTER TABLE crm."Customers" RENAME COLUMN fname TO "first name";
