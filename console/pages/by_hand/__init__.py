"""Points that people give and take by hand."""
