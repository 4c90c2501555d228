-- A table that this very file makes was never anyone's.
CREATE TABLE session_import (LIKE legacy_sessions INCLUDING DEFAULTS);
INSERT INTO session_import SELECT * FROM legacy_sessions WHERE id BETWEEN 1 AND 10;
CREATE TEMPORARY TABLE "Seen Before" (id bigint);
DROP TABLE session_import;
DROP TABLE "Seen Before";
