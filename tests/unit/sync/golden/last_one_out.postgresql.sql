DROP TRIGGER IF EXISTS zzz_zdm_sync_insert ON app.users;
DROP TRIGGER IF EXISTS zzz_zdm_sync_update ON app.users;
DROP FUNCTION IF EXISTS zdm.sync_4711_insert();
DROP FUNCTION IF EXISTS zdm.sync_4711_update();
