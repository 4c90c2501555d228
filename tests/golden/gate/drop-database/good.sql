COMMENT ON DATABASE zdm_example_reports IS 'kept until the auditors are done';
