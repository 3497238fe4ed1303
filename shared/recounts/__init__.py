"""What three services have of the same awards, counted from their rows until one moment, to be compared."""

from shared.recounts.handlers import RECOUNT_EVERY_SECONDS, recount

__all__ = ["RECOUNT_EVERY_SECONDS", "recount"]
