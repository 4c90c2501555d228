SELECT nextval('"Invoice Numbers"'), 'card'::payment_kind, order_total(7);
