"""The single source of every message format; schemas/ is generated from here."""
