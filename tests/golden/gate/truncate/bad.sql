-- seen: lock, rewrite
TRUNCATE TABLE carts, ONLY "cart items";
