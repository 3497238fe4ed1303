"""The five services by name, in the order in which an event passes them, and what stands before them."""

SERVICES = ("ingest", "scoring", "recognition", "rewards", "analytics")
#: What a person sees: a client of the services, with a database for who is signed in.
CONSOLE = "console"
#: One address for all of the services' APIs; it keeps nothing.
GATEWAY = "gateway"
