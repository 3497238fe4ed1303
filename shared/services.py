"""The five services by name, in the order in which an event passes them, and the console beside them."""

SERVICES = ("ingest", "scoring", "recognition", "rewards", "analytics")
#: What a person sees: a client of the services, with a database for who is signed in.
CONSOLE = "console"
