-- Once each partition has it, the partitioned table takes those over and reads no row.
ALTER TABLE events_2025 ADD CONSTRAINT events_2025_user
  FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;
ALTER TABLE events_2025 VALIDATE CONSTRAINT events_2025_user;
