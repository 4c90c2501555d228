SELECT * FROM order_totals, daily_totals;
