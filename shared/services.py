"""The five services by name, in the order in which an event passes them."""

SERVICES = ("ingest", "scoring", "recognition", "rewards", "analytics")
