-- seen: broken
DROP TYPE IF EXISTS payment_kind;
