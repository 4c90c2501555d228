SELECT "Sensor" + 1 FROM measurements;
