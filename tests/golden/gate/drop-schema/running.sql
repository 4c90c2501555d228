SELECT id FROM "tenant-42".orders;
