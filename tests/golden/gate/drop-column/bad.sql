-- seen: lock, broken
-- As php artisan migrate --pretend prints it.
alter table "orders" drop column "coupon_code", drop column "legacyTotal";
