CREATE TABLE carts (id bigint PRIMARY KEY, updated_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE "cart items" (id bigint PRIMARY KEY);
INSERT INTO carts SELECT i FROM generate_series(1, 20) i;
