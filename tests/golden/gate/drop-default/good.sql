-- Filled with one value, then without a default: all of it in the release that brings the column.
ALTER TABLE tickets ADD COLUMN priority integer DEFAULT 3;
ALTER TABLE tickets ALTER COLUMN priority DROP DEFAULT;
