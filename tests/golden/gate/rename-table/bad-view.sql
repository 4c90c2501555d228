-- seen: lock, broken
ALTER VIEW active_user RENAME TO active_accounts;
