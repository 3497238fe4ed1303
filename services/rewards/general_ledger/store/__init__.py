"""The SQL of mappings, of what was booked by day, and of exports."""
