SELECT fee(amount) FROM payments;
