ALTER TYPE order_status ADD VALUE 'returned' AFTER 'paid';
UPDATE orders SET status = 'returned' WHERE id = 7;
BEGIN;
CREATE TYPE shipping AS ENUM ('post', 'courier');
CREATE TABLE parcels (id bigint PRIMARY KEY, how shipping NOT NULL DEFAULT 'courier');
COMMIT;
