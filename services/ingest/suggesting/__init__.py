"""Suggesting, voting and going on with suggestions: by page and API, within limits, as events like any other."""
