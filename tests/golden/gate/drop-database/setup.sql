CREATE DATABASE zdm_example_reports TEMPLATE template0;
