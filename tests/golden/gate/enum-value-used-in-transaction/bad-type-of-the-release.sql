-- seen: error 55P04
CREATE TYPE shipping AS ENUM ('post');
BEGIN;
ALTER TYPE shipping ADD VALUE 'courier';
CREATE TABLE parcels (id bigint PRIMARY KEY, how shipping NOT NULL DEFAULT 'courier');
COMMIT;
