CREATE TABLE bookings (id bigint PRIMARY KEY, during tsrange NOT NULL);
INSERT INTO bookings
  SELECT i, tsrange('2026-01-01'::timestamp + make_interval(days => i),
                    '2026-01-01'::timestamp + make_interval(days => i + 1))
    FROM generate_series(1, 20) i;
