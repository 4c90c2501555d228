-- seen: broken
ALTER TYPE payment_kind RENAME TO kind_of_payment;
ALTER FUNCTION order_total(bigint) RENAME TO total_of_order;
