-- seen: error 55P04
BEGIN;
ALTER TYPE order_status ADD VALUE 'it''s back';
UPDATE orders SET status = 'it''s back' WHERE id = 7;
COMMIT;
