"""What a person holds: the `plaudit` command, the local stack, the client for platforms and the importers."""

__version__ = "0.1.0"
