"""Commands for those who develop Plaudit; nothing here is installed."""
