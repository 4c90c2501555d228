-- seen: broken
ALTER TYPE order_status RENAME VALUE 'pending' TO 'awaiting payment';
