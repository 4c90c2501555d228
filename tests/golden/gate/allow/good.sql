-- zdm:allow drop-column reason=release 2026.44 stopped reading it, see ADR 12
ALTER TABLE users DROP COLUMN phone;

ALTER TABLE users DROP age; -- zdm:allow drop-column reason="never shipped" until=2099.1
