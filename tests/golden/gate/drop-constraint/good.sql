CREATE TABLE subscriber_import (email text CONSTRAINT subscriber_import_email UNIQUE);
ALTER TABLE subscriber_import DROP CONSTRAINT subscriber_import_email;
ALTER TABLE subscribers ADD CONSTRAINT email_not_blank CHECK (email <> '') NOT VALID;
