SELECT attributes FROM products;
