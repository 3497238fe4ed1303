"""Communities: their calendar, currency, languages and look, and telling every service."""
