"""Members' accounts at providers, for who is paid there and not by bank."""
