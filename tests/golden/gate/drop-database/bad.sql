-- seen: nothing: what is in it is out of reach from here
DROP DATABASE IF EXISTS zdm_example_reports;
