SELECT order_total(7);
CALL close_day();
