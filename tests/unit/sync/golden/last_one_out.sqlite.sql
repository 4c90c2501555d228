DROP TRIGGER IF EXISTS zzz_zdm_users_insert;
DROP TRIGGER IF EXISTS zzz_zdm_users_update;
