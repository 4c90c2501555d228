-- seen: lock, rewrite, scan, broken
ALTER TABLE measurements ALTER "Sensor" TYPE text USING 'sensor-' || "Sensor";
