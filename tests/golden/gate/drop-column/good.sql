-- What the file adds itself it may take away again.
ALTER TABLE orders ADD COLUMN import_batch integer;
UPDATE orders SET import_batch = 1 WHERE id BETWEEN 1 AND 10;
ALTER TABLE orders DROP COLUMN import_batch;
