-- seen: rows users
UPDATE "users" AS u SET "Org Id" = o.id
  FROM organisations o
 WHERE o.id = u.id AND u.age IS NOT NULL;
