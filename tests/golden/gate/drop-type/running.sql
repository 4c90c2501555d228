SELECT 'card'::payment_kind, 1::money_amount;
