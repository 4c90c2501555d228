-- seen: broken
DROP DOMAIN money_amount;
