-- seen: broken
DROP PROCEDURE close_day();
