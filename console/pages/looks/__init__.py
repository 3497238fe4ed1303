"""A community's look on pages of Plaudit's: its colours as a stylesheet, and its logo."""
