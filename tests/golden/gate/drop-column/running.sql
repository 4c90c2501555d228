INSERT INTO orders (id, total, coupon_code, "legacyTotal") VALUES (100, 9.99, 'SUMMER', 10);
SELECT ('(a,b,c)'::address).fax;
