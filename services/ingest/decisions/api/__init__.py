"""The API of notes and decisions on figures, and of objectives."""
