-- seen: nothing: an empty schema holds no relation that could be missed here
DROP SCHEMA scratch RESTRICT;
