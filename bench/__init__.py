"""What Plaudit does per second and per core, measured beside what would be possible."""
