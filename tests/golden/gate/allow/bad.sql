-- seen: nothing: comments do nothing on the server
-- zdm:allow drop-colum reason=nobody reads it
ALTER TABLE users DROP COLUMN phone;

-- zdm:allow drop-column
ALTER TABLE users DROP COLUMN age;

SELECT 1; -- zdm:allow truncate reason=it was in an older version of this file
