"""Days, weeks and months: what a question may ask for, and their pages."""
