"""The HTTP routes of response times."""
