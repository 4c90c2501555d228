-- seen: broken
ALTER SCHEMA billing RENAME TO "Accounting";
