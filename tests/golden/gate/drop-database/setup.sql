DROP DATABASE IF EXISTS zdm_example_reports;
CREATE DATABASE zdm_example_reports TEMPLATE template0;
