"""The keys that sign tokens: they follow from ingest's signing key, one for each period, and are told ahead."""
