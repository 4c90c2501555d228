DELETE FROM carts WHERE id BETWEEN 1 AND 1000 AND updated_at < '2020-01-01';
DELETE FROM carts WHERE id BETWEEN 1001 AND 2000 AND updated_at < '2020-01-01';
CREATE TABLE cart_import (id bigint);
TRUNCATE cart_import;
