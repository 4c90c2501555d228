CREATE SEQUENCE renumber_seq;
SELECT nextval('renumber_seq');
DROP SEQUENCE renumber_seq;
