-- postgres: 17-18
-- zdm:transaction=on
CREATE TYPE shipping AS ENUM ('post');
ALTER TYPE shipping ADD VALUE 'courier';
CREATE TABLE parcels (id bigint PRIMARY KEY, how shipping NOT NULL DEFAULT 'courier');
