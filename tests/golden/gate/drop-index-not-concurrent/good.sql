DROP INDEX CONCURRENTLY IF EXISTS index_users_on_phone;
CREATE TABLE devices (id bigint PRIMARY KEY, serial_number text);
CREATE INDEX devices_serial_number ON devices (serial_number);
DROP INDEX devices_serial_number;
