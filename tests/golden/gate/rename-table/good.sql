-- The new name is a view first; the table follows once nobody says "user" any more.
CREATE VIEW accounts AS SELECT * FROM "user";
CREATE TABLE account_notes_new (id bigint PRIMARY KEY, note text NOT NULL);
ALTER TABLE account_notes_new RENAME TO account_notes;
CREATE INDEX account_notes_note ON account_notes (note);
