ALTER TYPE order_status ADD VALUE IF NOT EXISTS 'awaiting payment' BEFORE 'paid';
CREATE TYPE shipping_status AS ENUM ('new', 'sent');
ALTER TYPE shipping_status RENAME VALUE 'new' TO 'packed';
