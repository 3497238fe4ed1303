"""What earns nothing, whatever rules have for it: contents that a report was upheld of, and suspended members."""
