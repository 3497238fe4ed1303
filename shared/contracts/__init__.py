"""The single source of every message format; shared/published makes schemas/ from here."""
