CREATE TABLE subscribers (
  id bigint PRIMARY KEY,
  email text CONSTRAINT subscribers_email_unique UNIQUE
);
CREATE TABLE mails (
  id bigint PRIMARY KEY,
  subscriber_id bigint CONSTRAINT "mails→subscribers" REFERENCES subscribers (id)
);
INSERT INTO subscribers SELECT i, 'a' || i FROM generate_series(1, 20) i;
