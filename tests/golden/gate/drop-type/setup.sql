CREATE TYPE payment_kind AS ENUM ('card', 'cash');
CREATE DOMAIN money_amount AS numeric(12, 2);
